"""What holds for every module, with what each example of this one shows."""

from velvet.testing import ModuleTests

# Neither a token, nor a private key, nor the secret of a second factor.
NO_SECRET = r"\A(?![\s\S]*(eyJ[\w-]{8,}\.|PRIVATE KEY|secret=))"


class TestModule(ModuleTests):
    """The examples, the declarations, the dashboard and the docstrings."""

    shown = {
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
    expected = {name: (*lines, NO_SECRET) for name, lines in shown.items()}
