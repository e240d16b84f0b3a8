"""Which variables are secrets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrdata.privacy.variables import is_secret, secrets_of, without_secrets

_PRIVATE = """
AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_PROFILE AWS_WEB_IDENTITY_TOKEN_FILE
AWS_SHARED_CREDENTIALS_FILE AWS_CONTAINER_AUTHORIZATION_TOKEN HF_TOKEN HUGGING_FACE_HUB_TOKEN
HF_TOKEN_PATH GOOGLE_APPLICATION_CREDENTIALS KUBECONFIG SSH_AUTH_SOCK AZURE_CLIENT_ID
AZURE_STORAGE_CONNECTION_STRING ARM_CLIENT_SECRET GITHUB_TOKEN GH_PAT NPM_AUTH OPENAI_API_KEY
OPENAI_APIKEY WANDB_API_KEY PGPASSWORD PGPASSFILE MYSQL_PWD DB_PASS DATABASE_PASSWORD SUDO_PASSWD
GPG_PASSPHRASE SSH_PRIVATE_KEY SIGNING_KEY VAULT_ADDR VAULT_TOKEN DOCKER_CONFIG DOCKER_AUTH_CONFIG
NETRC XAUTHORITY DBUS_SESSION_BUS_ADDRESS XDG_RUNTIME_DIR KRB5CCNAME OP_SESSION_team BW_SESSION
SENTRY_DSN GIT_ASKPASS GIT_CONFIG_COUNT GIT_CONFIG_KEY_0 GIT_CONFIG_VALUE_0 MINIO_ROOT_PASSWORD
STRIPE_SECRET accessToken my-token RCLONE_CONFIG_S3_ACCESS_KEY_ID KUBE_TOKEN CREDS SESSION_COOKIE
"""
SECRET_NAMES = _PRIVATE.split()
_ORDINARY = """
PATH HOME PWD OLDPWD USER LANG LC_ALL TMPDIR TZ TERM PYTHONPATH LD_LIBRARY_PATH VIRTUAL_ENV
NO_PROXY HTTPS_PROXY SSL_CERT_FILE REQUESTS_CA_BUNDLE PIP_INDEX_URL PIP_CERT CC CFLAGS
OMP_NUM_THREADS XDG_CACHE_HOME GIT_AUTHOR_NAME GIT_SSH MONKEY_ISLAND KEYBOARD AUTHOR COMPASS
PATTERN VRDATA_GENERATORS VRDATA_TASK CUDA_VISIBLE_DEVICES
"""
ORDINARY_NAMES = _ORDINARY.split()
SECRET_VALUES = [
    "https://user:hunter2@proxy.example.org:3128",
    "user:hunter2@proxy.example.org:3128",
    "https://t0ken@pypi.example.org/simple",
    "postgres://u:p@db/x",
    "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbn",
    "host=db password=hunter2",
    '{"type": "service_account", "private_key": "x"}',
    "DefaultEndpointsProtocol=https;AccountKey=eA==",
    "https://example.org/x?X-Amz-Signature=00",
    "ghp_0123456789abcdefghijklmnopqrstuvwxyz",
    "AKIAIOSFODNN7EXAMPLE",
]


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_a_variable_with_the_name_of_a_secret_is_one(name: str) -> None:
    assert is_secret(name, "x")


@pytest.mark.parametrize("name", ORDINARY_NAMES)
def test_an_ordinary_variable_is_not_a_secret(name: str) -> None:
    assert not is_secret(name, "/usr/share/x:1")


@pytest.mark.parametrize("value", SECRET_VALUES)
def test_a_value_that_looks_like_a_secret_is_one_whatever_its_name(value: str) -> None:
    assert is_secret("SETTING", value)


names = st.one_of(
    st.sampled_from(SECRET_NAMES + ORDINARY_NAMES),
    st.text(min_size=1).filter(lambda n: "=" not in n),
)
environments = st.dictionaries(names, st.one_of(st.sampled_from(SECRET_VALUES), st.text()))


@given(environments)
def test_every_variable_is_either_kept_or_a_secret(environ: dict[str, str]) -> None:
    kept, secrets = without_secrets(environ), secrets_of(environ)
    assert kept | secrets == environ
    assert not kept.keys() & secrets.keys()


@given(environments)
def test_what_is_left_has_no_secret(environ: dict[str, str]) -> None:
    kept = without_secrets(environ)
    assert secrets_of(kept) == {}
    assert not kept.keys() & set(SECRET_NAMES)
    # Without an ordinary name, no value is kept that looks like a secret.
    assert not {kept.get("SETTING")} & set(SECRET_VALUES)


@given(environments, st.sampled_from(SECRET_NAMES))
def test_a_variable_that_a_program_needs_is_kept(environ: dict[str, str], needed: str) -> None:
    kept = without_secrets(environ | {needed: "x"}, lambda name: name == needed)
    assert kept[needed] == "x"
    assert without_secrets(environ | {needed: "x"}) == without_secrets(environ | {needed: "y"})


@given(
    names, st.text(), st.sampled_from(["", "MY_", "my_"]), st.sampled_from(["_TOKEN", "_SECRET"])
)
def test_a_word_for_a_secret_counts_in_every_name(
    name: str, value: str, before: str, word: str
) -> None:
    assert is_secret(before + name + word, value)
    assert is_secret((before + name + word).lower(), value)
