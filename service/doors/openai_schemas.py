"""What OpenAI's clients send. Fields that steer a generation are ignored, as there is none."""

from typing import Annotated

from pydantic import BaseModel, Field, StrictBool

from service.doors.turns import Turn

_MESSAGES = 1000  # of a thread
_PARTS = 1000  # of a message


class Part(BaseModel):
    type: str
    text: str | None = None


class MessageIn(BaseModel):
    """Items of a Responses `input` that are no messages, such as a tool's output, have no role."""

    role: str | None = None
    content: str | Annotated[list[Part], Field(max_length=_PARTS)] | None = None

    @property
    def turn(self) -> Turn:
        """Without its images and files, which nobody here can read."""
        parts = self.content if isinstance(self.content, list) else []
        said = [part.text for part in parts if part.text and part.type.endswith("text")]
        return Turn(self.role or "", self.content if isinstance(self.content, str) else "\n".join(said))


class StreamOptions(BaseModel):
    include_usage: StrictBool | None = False


class ErrorDetailOut(BaseModel):
    message: str
    type: str
    param: str | None
    code: str


class ErrorOut(BaseModel):
    """What OpenAI's clients read of a refusal."""

    error: ErrorDetailOut


class ChatIn(BaseModel):
    model: str = Field(examples=["yinju"])
    messages: list[MessageIn] = Field(
        max_length=_MESSAGES, examples=[[{"role": "user", "content": "what was said about INF"}]]
    )
    stream: StrictBool | None = False
    stream_options: StreamOptions | None = None


class ResponsesIn(BaseModel):
    model: str = Field(examples=["yinju"])
    input: str | Annotated[list[MessageIn], Field(max_length=_MESSAGES)] = Field(examples=["what was said about INF"])
    instructions: str | None = None
    stream: StrictBool | None = False
    previous_response_id: str | None = Field(None, description="Refused: nothing is stored. Send all turns as `input`.")

    @property
    def turns(self) -> list[Turn]:
        told = [Turn("system", self.instructions)] if self.instructions else []
        said = [Turn("user", self.input)] if isinstance(self.input, str) else [held.turn for held in self.input]
        return told + said
