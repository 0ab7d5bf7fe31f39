"""hybridctl: behavior trees, memory and an MPC around a vision-language-action model."""
