"""The commands of `hybridctl`, one file each: `add` puts it into the parser, with what it runs."""
