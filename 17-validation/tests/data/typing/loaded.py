"""What mypy sees; each line with "# E:" must be answered with these words."""

import attrs
import cattrs
import msgspec
import pydantic
from typing_extensions import reveal_type


class Model(pydantic.BaseModel):
    age: int


class Struct(msgspec.Struct):
    age: int


@attrs.define
class Plain:
    age: int


reveal_type(Model.model_validate({"age": 1}))  # E: Model
reveal_type(pydantic.TypeAdapter(list[int]).validate_python([1]))  # E: list[
reveal_type(msgspec.json.decode(b"{}", type=Struct))  # E: Struct
reveal_type(cattrs.structure({"age": 1}, Plain))  # E: Plain
Model(age="1")  # E: incompatible type "str"
Struct(age="1")  # E: incompatible type "str"
Plain(age="1")  # E: incompatible type "str"
