"""What goes over the wire: the shapes of requests and answers. The OpenAPI document is made of these."""
