"""Serves models of a tracking server with their `predict` and `predict_stream`, as the workspace's model serving does and
`mlflow models serve` does not: it has no streams. The models, MLflow's loader and LangChain are real; this server is the test's.

usage: serve_models.py PORT NAME=MODEL_URI …     asked at /NAME/invocations; a body with "stream": true is answered by
server-sent events, one `data:` line of JSON for each piece.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import mlflow

port, *given = sys.argv[1:]
models = {name: mlflow.pyfunc.load_model(uri) for name, uri in (one.split("=", 1) for one in given)}


def plain(piece):
    """An event is an object: a text goes into one, in a form of this test's own."""
    piece = piece.model_dump() if hasattr(piece, "model_dump") else piece
    return {"text": piece} if isinstance(piece, str) else piece


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *parts):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        model = models[self.path.split("/")[1]]
        streams = body.pop("stream", False)
        data = body.get("inputs", body)
        if streams:
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Connection", "close")
            self.end_headers()
            for piece in model.predict_stream(data):
                self.wfile.write(f"data: {json.dumps(plain(piece))}\n\n".encode())
                self.wfile.flush()
            self.wfile.write(b"data: [DONE]\n\n")
            self.close_connection = True
            return
        result = model.predict(data)
        answer = json.dumps({"predictions": result} if "inputs" in body else result).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


server = ThreadingHTTPServer(("127.0.0.1", int(port)), Handler)
print("serving", " ".join(models), flush=True)
server.serve_forever()
