"""model.py - a scripted language model over both APIs: chat completions of OpenAI, messages of Anthropic.

    model = Model("openai", [Turn(calls=[("diagnose", {"route": "shop"})]), Turn("The shop is well.")])
    model.url, model.requests        # what to configure; the bodies that came, with their headers
    model.stop()

A script is a list of turns, or a function of (request, number) that gives one. Every request is held against the rules of the
API's order of messages; what breaks them is answered 400 and kept in `wrong`.
"""
import http.server
import json
import threading
import time

BASE = {"openai": "/v1", "anthropic": ""}
PATH = {"openai": "/v1/chat/completions", "anthropic": "/v1/messages"}
KEY = "sk-model-key-7f31c2"


class Turn:
    """One reply. calls: (name, arguments as an object or as text). split: bytes a chunk. cut: bytes after which the stream
    breaks off. status other than 200: an error with `headers` and `body`. plain: not streamed."""

    def __init__(self, text="", calls=(), **how):
        self.text, self.calls = text, list(calls)
        self.split = how.pop("split", 0)
        self.cut, self.status = how.pop("cut", None), how.pop("status", 200)
        self.headers, self.body = how.pop("headers", {}), how.pop("body", None)
        self.end, self.usage = how.pop("end", None), how.pop("usage", (100, 20, 0, 0))
        self.delay, self.newline = how.pop("delay", 0), how.pop("newline", "\n")
        self.comments, self.plain = how.pop("comments", False), how.pop("plain", False)
        self.thinking, self.ids = how.pop("thinking", None), how.pop("ids", True)
        self.error, self.interleave = how.pop("error", None), how.pop("interleave", False)
        self.pieces = how.pop("pieces", 7)  # characters of a text or of arguments in one event
        assert not how, how


def text_of(arguments):
    return arguments if isinstance(arguments, str) else json.dumps(arguments)


def pieces_of(text, n):
    return [text[i:i + n] for i in range(0, len(text), n)]


# -- openai ---------------------------------------------------------------------------------------------------------------

def openai_usage(turn):
    read, wrote, cached, _ = turn.usage
    return {"prompt_tokens": read, "completion_tokens": wrote, "total_tokens": read + wrote,
            "prompt_tokens_details": {"cached_tokens": cached}}


def openai_end(turn):
    return turn.end or ("tool_calls" if turn.calls else "stop")


def openai_call(turn, i, name, arguments):
    call = {"index": i, "id": "call_%d" % i, "type": "function", "function": {"name": name, "arguments": arguments}}
    if not turn.ids:
        del call["id"]
    return call


def openai_fragments(turn, i):
    name, arguments = turn.calls[i]
    yield {"tool_calls": [openai_call(turn, i, name, "")]}
    for piece in pieces_of(text_of(arguments), turn.pieces):
        yield {"tool_calls": [{"index": i, "function": {"arguments": piece}}]}


def openai_deltas(turn):
    yield {"role": "assistant", "content": ""}
    for piece in pieces_of(turn.thinking or "", turn.pieces):
        yield {"reasoning_content": piece, "content": None}
    for piece in pieces_of(turn.text, turn.pieces):
        yield {"content": piece}
    queues = [list(openai_fragments(turn, i)) for i in range(len(turn.calls))]
    while any(queues):
        for q in queues:
            while q:
                yield q.pop(0)
                if turn.interleave:
                    break


def openai_events(turn):
    chunk = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "scripted"}
    for delta in openai_deltas(turn):
        yield None, {**chunk, "choices": [{"index": 0, "delta": delta, "finish_reason": None}], "usage": None}
    if turn.error:
        yield None, {"error": turn.error}
        return
    yield None, {**chunk, "choices": [{"index": 0, "delta": {}, "finish_reason": openai_end(turn)}], "usage": None}
    if turn.usage:
        yield None, {**chunk, "choices": [], "usage": openai_usage(turn)}
    yield None, "[DONE]"


def openai_whole(turn):
    message = {"role": "assistant", "content": turn.text or None}
    if turn.calls:
        message["tool_calls"] = [{k: v for k, v in openai_call(turn, i, n, text_of(a)).items() if k != "index"}
                                 for i, (n, a) in enumerate(turn.calls)]
    return {"id": "c1", "object": "chat.completion", "created": 1, "model": "scripted", "usage": openai_usage(turn),
            "choices": [{"index": 0, "finish_reason": openai_end(turn), "message": message}]}


def openai_rules(body):
    """What is wrong with the order of messages, or None."""
    owed = []
    for m in body["messages"]:
        if m["role"] == "tool":
            if m["tool_call_id"] not in owed:
                return "a tool message answers no call: " + m["tool_call_id"]
            owed.remove(m["tool_call_id"])
            continue
        if owed:
            return "An assistant message with 'tool_calls' must be followed by tool messages: %s" % owed
        if m["role"] == "assistant":
            owed = [c["id"] for c in m.get("tool_calls", [])]
            if any(not isinstance(c["function"]["arguments"], str) for c in m.get("tool_calls", [])):
                return "arguments are text"
    return "calls are not answered: %s" % owed if owed else None


# -- anthropic ------------------------------------------------------------------------------------------------------------

def anthropic_usage(turn):
    read, wrote, cached, written = turn.usage or (0, 0, 0, 0)
    return {"input_tokens": read - cached - written, "cache_read_input_tokens": cached, "cache_creation_input_tokens": written,
            "output_tokens": wrote}


def anthropic_end(turn):
    return turn.end or ("tool_use" if turn.calls else "end_turn")


def anthropic_blocks(turn):
    """(block at its start, deltas)"""
    if turn.thinking:
        yield ({"type": "thinking", "thinking": "", "signature": ""},
               [{"type": "thinking_delta", "thinking": p} for p in pieces_of(turn.thinking, turn.pieces)] +
               [{"type": "signature_delta", "signature": "c2lnbmVk"}])
    if turn.text:
        yield {"type": "text", "text": ""}, [{"type": "text_delta", "text": p} for p in pieces_of(turn.text, turn.pieces)]
    for i, (name, arguments) in enumerate(turn.calls):
        said = "" if arguments == {} else text_of(arguments)
        yield ({"type": "tool_use", "id": "toolu_%d" % i, "name": name, "input": {}},
               [{"type": "input_json_delta", "partial_json": p} for p in pieces_of(said, turn.pieces) or [""]])


def anthropic_events(turn):
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "scripted", "content": [], "stop_reason": None,
               "stop_sequence": None, "usage": {**anthropic_usage(turn), "output_tokens": 1}}
    yield "message_start", {"type": "message_start", "message": message}
    yield "ping", {"type": "ping"}
    for i, (block, deltas) in enumerate(anthropic_blocks(turn)):
        yield "content_block_start", {"type": "content_block_start", "index": i, "content_block": block}
        for delta in deltas:
            yield "content_block_delta", {"type": "content_block_delta", "index": i, "delta": delta}
        yield "content_block_stop", {"type": "content_block_stop", "index": i}
    if turn.error:
        yield "error", {"type": "error", "error": turn.error}
        return
    usage = anthropic_usage(turn) if turn.usage else {"output_tokens": 0}
    yield "message_delta", {"type": "message_delta", "delta": {"stop_reason": anthropic_end(turn), "stop_sequence": None},
                            "usage": usage}
    yield "message_stop", {"type": "message_stop"}


def anthropic_whole(turn):
    content = [{"type": "text", "text": turn.text}] if turn.text else []
    content += [{"type": "tool_use", "id": "toolu_%d" % i, "name": n, "input": a} for i, (n, a) in enumerate(turn.calls)]
    return {"id": "msg_1", "type": "message", "role": "assistant", "model": "scripted", "content": content,
            "stop_reason": anthropic_end(turn), "stop_sequence": None, "usage": anthropic_usage(turn)}


def anthropic_rules(body):
    owed = []
    if body["messages"][0]["role"] != "user" or not isinstance(body.get("max_tokens"), (int, float)):
        return "messages begin with the user, and max_tokens is required"
    for m in body["messages"]:
        content = m["content"] if isinstance(m["content"], list) else [{"type": "text", "text": m["content"]}]
        results = [b["tool_use_id"] for b in content if b["type"] == "tool_result"]
        if sorted(results) != sorted(owed):
            return "tool_use ids were found without tool_result blocks immediately after: %s, %s" % (owed, results)
        if any(b["type"] == "text" and not b["text"] for b in content):
            return "text content blocks must be non-empty"
        if results and content[0]["type"] != "tool_result":
            return "results come first"
        owed = [b["id"] for b in content if b["type"] == "tool_use"] if m["role"] == "assistant" else []
        if any(b["type"] == "tool_use" and not isinstance(b["input"], dict) for b in content):
            return "input is an object"
    return "calls are not answered: %s" % owed if owed else None


API = {"openai": (openai_events, openai_whole, openai_rules), "anthropic": (anthropic_events, anthropic_whole, anthropic_rules)}


def stream_of(api, turn):
    """The bytes of a streamed reply."""
    out = []
    for name, data in API[api][0](turn):
        text = ("event: %s\n" % name if name else "") + "data: %s\n\n" % (data if data == "[DONE]" else json.dumps(data))
        out.append((": heartbeat\n\n" if turn.comments else "") + text)
    return "".join(out).replace("\n", turn.newline).encode()


# -- what a model reads -----------------------------------------------------------------------------------------------------

def results_of(body):
    """The texts of the newest answers of tools."""
    texts = []
    for m in reversed(body["messages"]):
        if m["role"] == "assistant":
            break
        if m["role"] == "tool":
            texts.append(m["content"])
        elif isinstance(m["content"], list):
            texts += [b["content"] for b in m["content"] if b["type"] == "tool_result"]
    return texts[::-1] if body["messages"][-1]["role"] == "tool" else texts


def tools_of(body):
    return [t["function"]["name"] if "function" in t else t["name"] for t in body["tools"]]


def question_of(body):
    """The person's newest words."""
    for m in reversed(body["messages"]):
        if m["role"] != "user":
            continue
        if isinstance(m["content"], str):
            return m["content"]
        texts = [b["text"] for b in m["content"] if b["type"] == "text"]
        if texts:
            return texts[-1]
    return ""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version, disable_nagle_algorithm = "HTTP/1.1", True

    def do_POST(self):
        m = self.server.model
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        sent = {k.lower(): v for k, v in self.headers.items()}
        turn, wrong = m.next(self.path, sent, body)
        if wrong:
            self.answer(400, {}, json.dumps({"type": "error", "error": {"type": "invalid_request_error", "message": wrong}}))
        elif turn.status != 200 or turn.body is not None:
            self.answer(turn.status, turn.headers, turn.body or "")
        elif turn.plain:
            self.answer(200, {"Content-Type": "application/json"}, json.dumps(API[m.api][1](turn)))
        else:
            time.sleep(turn.delay)
            self.stream(turn, stream_of(m.api, turn))
        m.ends.append(time.time())

    def answer(self, status, headers, body):
        data = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers, "Content-Length": len(data)}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(data)

    def chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def stream(self, turn, data):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        for name, value in turn.headers.items():
            self.send_header(name, value)
        self.end_headers()
        data = data if turn.cut is None else data[:turn.cut]
        step = turn.split or len(data) or 1
        try:
            for i in range(0, len(data), step):
                self.chunk(data[i:i + step])
            if turn.cut is None:
                self.wfile.write(b"0\r\n\r\n")
        except OSError:
            pass  # who asked has gone
        self.close_connection = self.close_connection or turn.cut is not None

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


class Model:
    def __init__(self, api, script, key=KEY):
        self.api, self.script, self.key = api, script, key
        self.requests, self.headers, self.wrong, self.times = [], [], [], []
        self.ends = []  # when each reply was out
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.model = self
        self.lock = threading.Lock()
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = "http://127.0.0.1:%d%s" % (self.server.server_port, BASE[api])

    def judge(self, path, headers, body):
        said = headers.get("x-api-key") or headers.get("authorization", "")[7:]
        if path != PATH[self.api]:
            return "there is nothing at " + path
        if self.key and said != self.key:
            return "Incorrect API key provided: %s" % said
        return API[self.api][2](body)

    def next(self, path, headers, body):
        with self.lock:
            n = len(self.requests)
            self.requests.append(body)
            self.headers.append(headers)
            self.times.append(time.time())
            wrong = self.judge(path, headers, body)
            if wrong:
                self.wrong.append(wrong)
                return None, wrong
            if callable(self.script):
                return self.script(body, n), None
            return self.script[min(n, len(self.script) - 1)], None

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
