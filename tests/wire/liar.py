"""A process that breaks the protocol in the way it is told: `liar.py WAY`."""

import json
import os
import sys
import threading


def say(message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def raw(text):
    sys.stdout.write(text)
    sys.stdout.flush()


def numbers(request):
    raw("".join(f"{n}\n" for n in range(100_000)))


def no_newline(request):
    raw("half a line")
    os._exit(9)


def endless_line(request):
    raw("x" * (3 << 20))


def long_line(request):
    say({"id": request["id"], "result": "x" * (1 << 20)})


def bad_json(request):
    raw('{"id": 2, "result": \n')


def nan(request):
    raw(f'{{"id": {request["id"]}, "result": NaN}}\n')


def infinity(request):
    raw(f'{{"id": {request["id"]}, "result": 1e999}}\n')


def deep(request):
    raw("[" * 200_000 + "\n")


def wrong_id(request):
    say({"id": 4711, "result": "for nobody"})


def text_id(request):
    say({"id": str(request["id"]), "result": "for nobody"})


def neither(request):
    say({"id": request["id"]})


def error_without_code(request):
    say({"id": request["id"], "error": {"message": "no code"}})


def odd_method(request):
    say({"method": ["job.progress"], "params": {}})


def deaf(request):
    sys.stdout.close()
    os.close(1)
    threading.Event().wait()


def twice(request):
    say({"id": request["id"], "result": "first"})
    say({"id": request["id"], "result": "second"})


def unknown_news(request):
    say({"method": "job.progress", "params": {"job": ["no", "number"]}})
    say({"method": "job.progress", "params": 5})
    say({"method": "job.sings", "params": {"job": request["id"]}})
    say({"id": request["id"], "result": "sung"})


def mute(request):
    threading.Event().wait()


def forking(request):
    """Dies while a child of its own still holds the pipes."""
    if os.fork() == 0:
        threading.Event().wait()
    os._exit(7)


def main(way):
    hello = {"mute_hello": None, "major_2": [2, 0], "minor_7": [1, 7], "no_version": "new"}
    for line in sys.stdin:
        request = json.loads(line)
        if "id" not in request:
            continue
        if request["method"] != "hello":
            globals()[way](request)
        elif way == "mute_hello":
            mute(request)
        elif way == "dies_at_hello":
            sys.exit("ImportError: no module named torch")
        else:
            protocol = hello.get(way, [1, 0])
            say({"id": request["id"], "result": {"protocol": protocol, "suite": "9.9.9"}})


if __name__ == "__main__":
    main(sys.argv[1])
