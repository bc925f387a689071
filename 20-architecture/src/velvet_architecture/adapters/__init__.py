"""What fills the ports: event stores, brokers, a container."""
