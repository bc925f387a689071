"""What holds for every module, with what each example of this one shows."""

from velvet.testing import ModuleTests


class TestModule(ModuleTests):
    """The examples, the declarations, the dashboard and the docstrings."""

    expected = {
        "hash_and_upgrade": (r"^pbkdf2 +True +\$argon2id\$", r"^unknown user +False"),
        "jwt_by_the_book": ("^accepted: alice", r"^ID token +type ", r"^alg none +alg "),
        "totp_and_recovery": ("^first use: accepted$", "^again: replay$"),
        "authorization_code_pkce": (r"303 with iss, state, code$", "logged in as alice$"),
        "refresh_theft": ("^owner: invalid_grant", "^thief's access token: revoked$"),
        "device_flow": ("slow_down$", "a token for read$", "expired_token$"),
        "rbac_explained": (r"\(clerk invoice:delete\)$", "chief -> clerk -> chief$"),
        "saml_wrapping": (r"^XSW1 +admin +refused", r"^XSW8 +admin +refused"),
        "passkeys_in_ci": (
            "^phishing origin +rejected: response$",
            "^cloned key +rejected: cloned$",
        ),
        "run_the_lab": (
            r"^jwt-id-token +EXPLOITED +EXPLOITED +BLOCKED \(type\)$",
            r"honest users got in \d\d of \d\d times$",
        ),
    }
