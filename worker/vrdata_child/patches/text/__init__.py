"""Keep loaded fonts, sizes of texts and rendered texts, with all that they depend on."""
