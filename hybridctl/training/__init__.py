"""Training of the embedded vision-language-action model on rendered scenes."""
