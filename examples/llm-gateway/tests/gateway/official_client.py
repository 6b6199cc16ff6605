# Asks the gateway as services do: whole, piece by piece, and for a model that does not exist.
import sys

import openai

client = openai.OpenAI(base_url=sys.argv[1], api_key=sys.argv[2], max_retries=0)
messages = [{"role": "user", "content": "What is a cupola?"}]

whole = client.chat.completions.create(model="echo-1", messages=messages)
assert whole.usage.prompt_tokens == 4, whole

stream = client.chat.completions.create(model="echo-1", messages=messages, stream=True)
pieces = [chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices]
assert "".join(pieces) == whole.choices[0].message.content, pieces

try:
    client.chat.completions.create(model="no-such-model", messages=messages)
except openai.NotFoundError as error:
    assert error.code == "model_not_found", error
else:
    raise AssertionError("a model that does not exist has answered")
