"""What the pages of councils show: frozen values, read for a viewer."""
