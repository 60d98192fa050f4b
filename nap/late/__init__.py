"""Late messages: found in clips of the black box when a newer version decodes them."""
