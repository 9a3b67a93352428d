"""What OpenAI's clients send. Fields that steer a generation are ignored, as there is none."""

from pydantic import BaseModel, Field

from service.doors.turns import Turn


class Part(BaseModel):
    type: str
    text: str | None = None


class MessageIn(BaseModel):
    """Items of a Responses `input` that are no messages, such as a tool's output, have no role."""

    role: str | None = None
    content: str | list[Part] | None = None

    @property
    def turn(self) -> Turn:
        """Without its images and files, which nobody here can read."""
        parts = self.content if isinstance(self.content, list) else []
        said = [part.text for part in parts if part.text and part.type.endswith("text")]
        return Turn(self.role or "", self.content if isinstance(self.content, str) else "\n".join(said))


class StreamOptions(BaseModel):
    include_usage: bool | None = False


class ChatIn(BaseModel):
    model: str = Field(examples=["yinju"])
    messages: list[MessageIn] = Field(examples=[[{"role": "user", "content": "what was said about INF"}]])
    stream: bool | None = False
    stream_options: StreamOptions | None = None


class ResponsesIn(BaseModel):
    model: str = Field(examples=["yinju"])
    input: str | list[MessageIn] = Field(examples=["what was said about INF"])
    instructions: str | None = None
    stream: bool | None = False
    previous_response_id: str | None = Field(None, description="Refused: nothing is stored. Send all turns as `input`.")

    @property
    def turns(self) -> list[Turn]:
        told = [Turn("system", self.instructions)] if self.instructions else []
        said = [Turn("user", self.input)] if isinstance(self.input, str) else [held.turn for held in self.input]
        return told + said
