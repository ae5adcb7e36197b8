"""Networks, their training, and the procedural pictures that they are trained and tested on."""
