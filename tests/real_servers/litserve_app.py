"""
A LitServe application with its OpenAI spec, as its users write one: no model, fixed words, one tool call when asked.

Runs in the environment that ``run.py`` makes for LitServe, never in ours: ``python litserve_app.py PORT``.
"""

import sys

import litserve

WORDS = ("Hello", " from", " a", " small", " model.")


class Fixed(litserve.LitAPI):
    """
    Answers every conversation with the same words, or calls the first tool once.
    """

    def setup(self, device):
        """
        There is nothing to load.
        """

    def predict(self, messages, context):
        """
        Yield the answer in pieces; the last has the counts, for LitServe adds up what the pieces say.
        """
        tools = context.get("tools")
        if tools and context.get("tool_choice") != "none" and messages[-1]["role"] != "tool":
            function = {"name": tools[0]["function"]["name"], "arguments": "{}"}
            yield {
                "role": "assistant",
                "content": "",
                "tool_calls": [{"id": "call_1", "function": function}],
                **_usage(5),
            }
            return
        for word in WORDS[:-1]:
            yield {"role": "assistant", "content": word}
        yield {"role": "assistant", "content": WORDS[-1], **_usage(len(WORDS))}

    def decode_request(self, request, context):
        """
        The messages as plain dictionaries.
        """
        return [message.model_dump() for message in request.messages]


def _usage(completion):
    return {"prompt_tokens": 5, "completion_tokens": completion, "total_tokens": 5 + completion}


if __name__ == "__main__":
    server = litserve.LitServer(Fixed(spec=litserve.OpenAISpec()), accelerator="cpu")
    server.run(host="127.0.0.1", port=int(sys.argv[1]), generate_client_file=False)
