"""Prints what MLflow's own client reads of a trace, as JSON: read_trace.py TRACKING_URI TRACE_ID"""

import json
import sys

import mlflow

mlflow.set_tracking_uri(sys.argv[1])
trace = mlflow.MlflowClient().get_trace(sys.argv[2])
print(
    json.dumps(
        {
            "state": str(trace.info.state.value),
            "tokens": trace.info.token_usage,
            "tags": trace.info.tags,
            "request_preview": trace.info.request_preview,
            "response_preview": trace.info.response_preview,
            "spans": [
                {
                    "name": span.name,
                    "type": span.span_type,
                    "span_id": span.span_id,
                    "parent_id": span.parent_id,
                    "inputs": span.inputs,
                    "outputs": span.outputs,
                    "attributes": {key: span.get_attribute(key) for key in span.attributes},
                    "start_ns": span.start_time_ns,
                    "end_ns": span.end_time_ns,
                    "status": f"{span.status.status_code.value} {span.status.description}",
                    "events": [event.name for event in span.events],
                }
                for span in trace.data.spans
            ],
        },
        default=str,
    )
)
