"""The settings of who is let in (docs/security.md)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator, model_validator

from chatcluster.runtime.common_settings import CommonSettings, Parts


class AuthSettings(CommonSettings):
    """What a gateway asks of its clients."""

    auth: Literal["off", "jwt", "hook"] = Field(
        "off",
        description="Who is let in: `off`: everybody; `jwt`: who shows a JSON Web Token; `hook`: "
        "whom a web service of yours lets in.",
    )
    auth_key: SecretStr = Field(
        SecretStr(""),
        description="What tokens are checked with: a secret of 32 bytes or more, a PEM, a JWK or "
        "a JWK set.",
    )
    auth_key_file: str = Field(
        "", description="A file that holds it, in place of `auth_key`; changes of it are noticed."
    )
    auth_jwks_url: str = Field(
        "",
        pattern="^(https?://.*)?$",
        description="Where the issuer publishes its keys (a JWK set), in place of `auth_key`.",
    )
    auth_jwks_seconds: float = Field(
        300.0, gt=0, description="Seconds between looks at the published keys."
    )
    auth_jwks_cooldown: float = Field(
        5.0,
        gt=0,
        le=60,
        description="Least seconds between two looks, however many tokens name unknown keys.",
    )
    auth_jwks_keep_seconds: float = Field(
        86_400.0,
        gt=0,
        description="Seconds for which keys are used that can not be read anew.",
    )
    auth_algorithms: Parts = Field(
        ("RS256", "ES256", "EdDSA", "HS256"),
        min_length=1,
        description="The algorithms that are accepted, separated by commas, of those in the "
        "default; each key is for the one of its type.",
    )
    auth_issuer: str = Field("", description="The `iss` that tokens must have; empty: any.")
    auth_audience: Parts = Field(
        (),
        description="The `aud` of which tokens must have one, separated by commas; empty: tokens "
        "that have one are refused.",
    )
    auth_leeway: int = Field(
        30, ge=0, le=600, description="Seconds by which the clocks of issuer and gateway differ."
    )
    auth_user_claim: str = Field(
        "sub",
        min_length=1,
        description="The claim with the user's id; with a `/` before it, a path, such as /user/id.",
    )
    auth_name_claim: str = Field(
        "name", min_length=1, description="The claim with the name that others see."
    )
    auth_join_claim: str = Field(
        "/rooms/join",
        min_length=1,
        description="The claim with the rooms that the user may join, a list in which `*` stands "
        "for any characters.",
    )
    auth_read_claim: str = Field(
        "/rooms/read",
        min_length=1,
        description="… whose messages the user may read without joining.",
    )
    auth_write_claim: str = Field(
        "/rooms/write", min_length=1, description="… in which the user may write."
    )
    auth_create_claim: str = Field(
        "/rooms/create", min_length=1, description="… that the user may create."
    )
    auth_remove_claim: str = Field(
        "/rooms/remove", min_length=1, description="… that the user may remove, with their log."
    )
    auth_moderate_claim: str = Field(
        "/rooms/moderate",
        min_length=1,
        description="… that the user may moderate; `*` alone: and the whole chat.",
    )
    auth_default_rights: Parts = Field(
        ("join", "read", "write", "create"),
        description="What users may do in all rooms whose token has none of the claims about "
        "rooms, separated by commas: join, read, write, create, remove, moderate.",
    )
    auth_expiring_seconds: float = Field(
        30.0,
        ge=0,
        description="Seconds before its token expires at which a client is reminded; 0: never.",
    )
    auth_hook_url: str = Field(
        "",
        pattern="^(https?://.*)?$",
        description="The web service that decides, with auth `hook`.",
    )
    auth_hook_secret: SecretStr = Field(
        SecretStr(""),
        description="What requests to it are signed with: base64 of 24 to 64 bytes, perhaps with "
        "`whsec_` before it.",
    )
    auth_hook_timeout: float = Field(3.0, gt=0, le=30, description="Seconds that it has to answer.")
    auth_hook_failure: Literal["closed", "open"] = Field(
        "closed",
        description="`closed`: nobody is let in while it does not answer; `open`: everybody, with "
        "the default rights and any name.",
    )

    @field_validator("auth_algorithms", "auth_default_rights")
    @classmethod
    def _known(cls, given: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        known = cls.model_fields[str(info.field_name)].default
        if info.field_name == "auth_default_rights":
            known = (*known, "remove", "moderate")
        if unknown := [part for part in given if part not in known]:
            raise ValueError(f"{', '.join(unknown)}: there are {', '.join(known)}")
        return given

    @model_validator(mode="after")
    def _decided(self) -> AuthSettings:
        keys = (self.auth_key.get_secret_value(), self.auth_key_file, self.auth_jwks_url)
        if self.auth == "jwt" and sum(map(bool, keys)) != 1:
            raise ValueError(
                "auth: 'jwt' needs one of auth_key, auth_key_file and auth_jwks_url "
                f"(CHAT_AUTH_KEY, …), and {sum(map(bool, keys))} are set"
            )
        hook = (self.auth_hook_url, self.auth_hook_secret.get_secret_value())
        if self.auth == "hook" and not all(hook):
            raise ValueError("auth: 'hook' needs auth_hook_url and auth_hook_secret")
        return self
