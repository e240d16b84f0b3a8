"""The messages of desktop recordings, of all generations. Pure.

The same message had other names and fields in earlier versions of the recorder; unknown fields are
ignored.
"""

from __future__ import annotations

import base64
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError, model_validator

IMAGE_TYPE = "image/{}"
BMP = "bmp"


Int32 = Annotated[int, Field(ge=-(2**31), lt=2**31)]
Int64 = Annotated[int, Field(ge=-(2**63), lt=2**63)]


class InvalidMessageError(ValueError):
    """A message is not what its type says."""


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class MediaRef(_Message):
    """Where the picture of a screen event is.

    Attributes:
        uri: a path relative to the recording, an absolute path, a URL, or a data URI.
        pts_ns: time in the video, in nanoseconds; None = a single image.
    """

    uri: str
    pts_ns: Annotated[Int64 | None, Field(validation_alias=AliasChoices("pts_ns", "pts"))] = None

    @model_validator(mode="before")
    @classmethod
    def _from_earlier(cls, value: Any) -> Any:
        """Version 0.5.0 had a type and a path, or the bytes of an image."""
        if not isinstance(value, dict) or "uri" in value:
            return value
        if value.get("type") == "embedded" or "data" in value:
            kind = IMAGE_TYPE.format(value.get("format") or BMP)
            return {"uri": f"data:{kind};base64,{_base64(value.get('data'))}"}
        return {"uri": value.get("path"), **{k: v for k, v in value.items() if k != "path"}}


class Screen(_Message):
    """A frame of the screen; sizes are width and height in pixels.

    Attributes:
        media: the picture; None = the message has none.
        utc_ns: when it was captured.
        source_shape: size of the screen or window.
        shape: size of the stored picture.
    """

    media: Annotated[MediaRef | None, Field(validation_alias="media_ref")] = None
    utc_ns: Int64 | None = None
    source_shape: Annotated[
        tuple[int, int] | None,
        Field(validation_alias=AliasChoices("source_shape", "original_shape")),
    ] = None
    shape: tuple[int, int] | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_earlier(cls, value: Any) -> Any:
        """Until version 0.4, path and time were fields of the message."""
        if isinstance(value, dict) and "media_ref" not in value and value.get("path"):
            return {**value, "media_ref": {"uri": value["path"], "pts_ns": value.get("pts")}}
        return value


class Keyboard(_Message):
    """A key that was pressed or released; `vk` is its Windows virtual key code."""

    event_type: Literal["press", "release"]
    vk: Int32


class KeyboardState(_Message):
    """The keys that are held down."""

    pressed: Annotated[
        tuple[Int32, ...], Field(validation_alias=AliasChoices("buttons", "pressed_vk_list"))
    ] = ()


class Mouse(_Message):
    """A mouse event with its place on the screen, in pixels."""

    event_type: Literal["move", "click", "scroll"]
    x: int
    y: int
    button: str | None = None
    pressed: bool | None = None
    dx: int | None = None
    dy: int | None = None


class RawMouse(_Message):
    """A mouse event as the device sends it: relative movement and button flags."""

    dx: Annotated[int, Field(validation_alias=AliasChoices("last_x", "dx"))] = 0
    dy: Annotated[int, Field(validation_alias=AliasChoices("last_y", "dy"))] = 0
    button_flags: int = 0
    button_data: int = 0
    us_flags: int = 0


class MouseState(_Message):
    """The place of the cursor in pixels, and the buttons that are held down."""

    x: int
    y: int
    buttons: tuple[str, ...] = ()


class Window(_Message):
    """The window in the foreground; `rect` is left, top, right, bottom in pixels."""

    title: str = ""
    rect: tuple[int, int, int, int] | None = None


T = TypeVar("T", bound=_Message)
Parsed = Screen | Keyboard | KeyboardState | Mouse | RawMouse | MouseState | Window

_MODELS: dict[str, type[Parsed]] = {
    "ScreenEmitted": Screen,
    "ScreenCaptured": Screen,
    "KeyboardEvent": Keyboard,
    "KeyboardState": KeyboardState,
    "MouseEvent": Mouse,
    "RawMouseEvent": RawMouse,
    "MouseState": MouseState,
    "WindowInfo": Window,
}


def kind_of(message_type: str) -> type[Parsed] | None:
    """The model of a message type of any generation; None = an unknown type.

    Args:
        message_type: such as `desktop/KeyboardEvent` or `owa.env.desktop.msg.KeyboardEvent`.
    """
    return _MODELS.get(message_type.replace("/", ".").rpartition(".")[2])


def parse(message_type: str, msg: bytes) -> Parsed | None:
    """The message; None = its type is unknown.

    Raises:
        InvalidMessageError: it is not a message of its type.
    """
    model = kind_of(message_type)
    return None if model is None else _validated(model, msg)


def parse_screen(msg: bytes) -> Screen:
    """A screen message of any generation.

    Raises:
        InvalidMessageError: it is none.
    """
    return _validated(Screen, msg)


def _validated(model: type[T], msg: bytes) -> T:
    try:
        return model.model_validate_json(msg)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise InvalidMessageError(
            f"invalid {model.__name__} message: {where}{': ' if where else ''}{first['msg']}"
        ) from None


def _base64(data: Any) -> str:
    return base64.b64encode(data).decode() if isinstance(data, bytes) else str(data or "")
