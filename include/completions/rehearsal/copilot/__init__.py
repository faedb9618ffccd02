"""Microsoft Copilot, the consumer product (copilot.microsoft.com): a page that talks by a socket.

Its two front ends differ in where an answer is drawn: in the page (`chat`), or in frames within frames (`nested`), as
browsers without a window were seen to get it (GreedySearch-pi, July 2026). Both show the same.
"""

from completions.rehearsal.copilot.answer import shown
from completions.rehearsal.copilot.home import FRONT_ENDS
from completions.rehearsal.copilot.routes import ROUTES

__all__ = ["FRONT_ENDS", "ROUTES", "shown"]
