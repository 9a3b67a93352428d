// node chat.mjs BASE_URL QUESTION: asks through the AI SDK, whole and streamed; then a model that there is not.
// Prints as JSON what comes of each; of an error its class, status, type, code and message.

import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, streamText } from "ai";

const [baseURL, prompt] = process.argv.slice(2);
const provider = createOpenAICompatible({ name: "yinju", baseURL, includeUsage: true });

async function whole(model) {
  try {
    const { text, finishReason, usage } = await generateText(asking(model));
    return { text, finishReason, usage };
  } catch (error) {
    return { error: described(error) };
  }
}

async function parts(model) {
  const got = [];
  for await (const part of streamText({ ...asking(model), onError: () => {} }).fullStream) {
    got.push(part.type === "error" ? { ...part, error: described(part.error) } : part);
  }
  return got;
}

// A retry would wait for seconds.
function asking(model) {
  return { model: provider(model), prompt, maxRetries: 0 };
}

function described({ name, statusCode: status, type, code, message }) {
  return { class: name, status, type, code, message };
}

console.log(
  JSON.stringify({
    whole: await whole("yinju"),
    parts: await parts("yinju"),
    unknown: { whole: await whole("gpt-4o"), parts: await parts("gpt-4o") },
  }),
);
