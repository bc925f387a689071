"""What the module measures on: payloads, faults, schemas, values, hostile documents."""
