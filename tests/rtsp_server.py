"""An RTSP server with a moving picture, over TCP alone and UDP alone, by GStreamer; for the Python that has it."""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402 - versions come first

Gst.init(None)
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service(sys.argv[1])
for name in ("tcp", "udp"):
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(
        "( videotestsrc is-live=true ! video/x-raw,width=320,height=240,framerate=20/1 "
        "! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=20 ! rtph264pay name=pay0 )"
    )
    factory.set_shared(True)
    factory.set_protocols(getattr(GstRtsp.RTSPLowerTrans, name.upper()))
    server.get_mount_points().add_factory(f"/{name}", factory)
server.attach(None)
print("ready", flush=True)  # noqa: T201 - that is what the test waits for
GLib.MainLoop().run()
