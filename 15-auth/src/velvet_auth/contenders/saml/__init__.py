"""Signature checks of a SAML response: each file has `PACKAGE` and `identity`."""
