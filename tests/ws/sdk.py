"""sdk.py PLATFORM URL - the official client of that platform's socket against the double at URL; prints what its handler got, a
JSON line each, until it is ended."""
import json
import sys
import threading

platform, url = sys.argv[1:]


def say(**what):
    print(json.dumps(what), flush=True)


def slack():
    from slack_sdk.socket_mode import SocketModeClient
    from slack_sdk.socket_mode.response import SocketModeResponse
    from slack_sdk.web import WebClient
    client = SocketModeClient(app_token="xapp-SECRET", web_client=WebClient(base_url=url + "/"))

    def hear(c, request):
        c.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id))
        actions = request.payload.get("actions")
        say(pressed=actions[0]["value"]) if actions else say(text=request.payload["event"]["text"])
    client.socket_mode_request_listeners.append(hear)
    client.connect()
    say(connected=True)
    threading.Event().wait()


def dingtalk():
    import dingtalk_stream

    class Messages(dingtalk_stream.ChatbotHandler):
        async def process(self, callback):
            say(text=dingtalk_stream.ChatbotMessage.from_dict(callback.data).text.content.strip())
            return dingtalk_stream.AckMessage.STATUS_OK, "OK"

    class Presses(dingtalk_stream.CallbackHandler):
        async def process(self, callback):
            say(pressed=dingtalk_stream.CardCallbackMessage.from_dict(callback.data).card_instance_id)
            return dingtalk_stream.AckMessage.STATUS_OK, {"response": None}
    client = dingtalk_stream.DingTalkStreamClient(dingtalk_stream.Credential("dingabc", "dingSECRET"))
    client.register_callback_handler(dingtalk_stream.ChatbotMessage.TOPIC, Messages())
    client.register_callback_handler(dingtalk_stream.handlers.CallbackHandler.TOPIC_CARD_CALLBACK, Presses())
    client.start_forever()


def feishu():
    import lark_oapi as lark

    def hear(data):
        say(text=json.loads(data.event.message.content)["text"])
    handler = lark.EventDispatcherHandler.builder("", "").register_p2_im_message_receive_v1(hear).build()
    lark.ws.Client("cli_a", "feishuSECRET", event_handler=handler, domain=url).start()


{"slack": slack, "dingtalk": dingtalk, "feishu": feishu}[platform]()
