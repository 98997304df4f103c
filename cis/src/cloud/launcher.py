"""Starts MiniStack without two waits that it makes on every call of a warm function (ministack 1.5.33).

It waits up to 50 ms for a first log line after each answer, and its Runtime API server sends answers in small pieces,
which meet delayed acknowledgements of 40 ms. Ours print their lines before they answer, so a short wait gets them all.

Its argument is its parent's process id: it ends with it, and the functions too, however the parent ended.
"""

import os
import signal
import socketserver
import sys
import threading
import time

from ministack.core import lambda_runtime

# first_line_wait, idle_confirm, hard_cap, in seconds
lambda_runtime.Worker._drain_stderr_bounded.__defaults__ = (0.004, 0.003, 0.25)
socketserver.StreamRequestHandler.disable_nagle_algorithm = True
socketserver.StreamRequestHandler.wbufsize = 65536



def end_with(parent):
    while os.getppid() == parent:
        time.sleep(0.2)
    os.killpg(0, signal.SIGKILL)


threading.Thread(target=end_with, args=(int(sys.argv.pop()),), daemon=True).start()

from ministack.app import main  # noqa: E402  (after the changes above)

main()
