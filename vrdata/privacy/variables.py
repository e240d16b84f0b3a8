"""Which environment variables are secrets or lead to secrets. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

# Never a secret, whatever their value looks like: nothing starts without them.
_ORDINARY = frozenset(
    {"PATH", "HOME", "USER", "LOGNAME", "SHELL", "PWD", "OLDPWD", "TMPDIR", "LANG", "TZ", "TERM"}
    | {"LD_LIBRARY_PATH", "PYTHONPATH", "VIRTUAL_ENV"}
)
# All settings of a service: which account to use is as private as its key.
_FAMILIES = ("AWS_", "AZURE_", "GOOGLE_", "GCLOUD_", "CLOUDSDK_", "KUBE", "VAULT_", "RCLONE_")
# Sockets and files that answer with a secret, or with the rights of the user.
_DOORS = frozenset(
    {"GNUPGHOME", "GPG_AGENT_INFO", "XAUTHORITY", "ICEAUTHORITY", "KRB5CCNAME", "XDG_RUNTIME_DIR"}
    | {"NETRC", "PGSERVICEFILE", "DOCKER_CONFIG", "DOCKER_HOST", "CONTAINER_HOST", "BOTO_CONFIG"}
    | {"REGISTRY_AUTH_FILE", "SSH_AGENT_PID", "SSH_ASKPASS", "GIT_ASKPASS"}
)
_WORDS = frozenset(
    {"KEY", "KEYS", "PASS", "AUTH", "CRED", "CREDS", "COOKIE", "COOKIES", "SESSION", "BEARER"}
    | {"JWT", "SAS", "DSN", "PAT", "AUTHORIZATION"}
)
_PARTS = re.compile(
    r"TOKEN|SECRET|PASSW(OR)?D|PASSPHRASE|PASSFILE|CREDENTIAL|(API|ACCESS|PRIVATE)_?KEY"
    r"|CONNECTION_?STRING|._PWD$"
    # Git's settings in the environment: they can be headers with a token, and belong together.
    r"|^GIT_CONFIG_(COUNT|KEY_|VALUE_|PARAMETERS)"
)
_VALUES = re.compile(
    r"://[^/\s]*@"  # a URL with a user name or password
    r"|^[^\s/@:]+:[^\s@]+@"  # the same, of a proxy without a scheme
    r"|-----BEGIN [A-Z ]*PRIVATE KEY"
    r"|\b(password|passwd|pwd|secret|token|signature|sig|[a-z_]*key)\b[\"']?\s*[=:]"
    r"|\bgh[a-z]_\w{20}|\bgithub_pat_|\bglpat-|\bhf_\w{20}|\bxox[a-z]-|\b(AKIA|ASIA)[A-Z0-9]{16}\b",
    re.IGNORECASE,
)


def is_secret(name: str, value: str) -> bool:
    """Whether a variable is a secret, or leads to one: a key, an agent's socket, a URL's password.

    Its name decides; a value that looks like a secret decides, too. A few ordinary variables, such
    as `PATH`, are never secrets.
    """
    upper = name.upper()
    if upper in _ORDINARY:
        return False
    return (
        upper.startswith(_FAMILIES)
        or upper in _DOORS
        or not _WORDS.isdisjoint(re.split(r"[^A-Z0-9]+", upper))
        or _PARTS.search(upper) is not None
        or _VALUES.search(value) is not None
    )


def without_secrets(
    environ: Mapping[str, str], keep: Callable[[str], bool] = lambda _name: False
) -> dict[str, str]:
    """The variables for a program that vrdata starts: all except secrets.

    Args:
        environ: variables and their values.
        keep: whether the program needs the variable of this name, even if it is a secret.
    """
    return {
        name: value for name, value in environ.items() if keep(name) or not is_secret(name, value)
    }


def secrets_of(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that `without_secrets` drops."""
    return {name: value for name, value in environ.items() if is_secret(name, value)}
