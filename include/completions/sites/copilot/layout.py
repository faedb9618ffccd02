"""What Copilot's pages look like, as data. Newest generation first; the dates say when a generation was seen.

The consumer Copilot at copilot.microsoft.com, 2025 to 2026-11. Its labels are in the visitor's language, so parts are
named by `data-testid` and `data-content`. In some headless browsers the answer is drawn in a frame of copilot.fun,
which draws it in a `blob:` frame of its own. Microsoft 365 Copilot and Bing are other products.
"""

from __future__ import annotations

import re
from dataclasses import replace

from completions.errors import Outcome
from completions.sites.copilot.failures import FAILURES
from completions.sites.layout import Barrier, Detour, Layout, Looks, Overlay
from completions.sites.scene import OPENED

HOME = "https://copilot.microsoft.com/"
CONVERSATION = r"/chats/[A-Za-z0-9_-]{8,64}(?=[/?#]|$)"
"""Path of a conversation; its id has 21 characters."""
FRAMED = re.compile(r"copilot\.fun[.:/]")
"""In the address of a frame in which an answer is drawn, or of one around it."""

_FRAME = 'iframe[src*="copilot.fun"]'
_PAST = '[data-testid="backstage-chats"]'  # earlier conversations, kept in the page and never shown
_COMPOSER = 'textarea#userInput, textarea[data-testid="composer-input"]'
_ASSISTANT = ('[data-content="ai-message"]', '[data-testid="ai-message"]', '[class~="group/ai-message"]')
_FINISHED = (
    '[data-testid="message-item-reactions"], [data-testid*="-thumbs-up-"], '
    '[data-testid="copy-ai-message-button"], [data-testid="copy-message-button"]'
)

CHAT = Layout(
    name="chat",  # 2025 to 2026-11
    marks='[data-testid="chat-page"], [data-testid="highlighted-chats"], [data-content="conversation"], '
    '[data-content="user-message"], [data-content="ai-message"], [data-testid="ai-message"], '
    '[class~="group/user-message"], [class~="group/ai-message"], '
    'textarea#userInput, textarea[data-testid="composer-input"]',
    user=f'[data-content="user-message"]:not({_PAST} *), [class~="group/user-message"]:not({_PAST} *)',
    assistant=", ".join(f"{each}:not({_PAST} *)" for each in _ASSISTANT),
    turn=", ".join(_ASSISTANT),
    body='[class~="group/ai-message-item"]',
    finished=_FINISHED,
    busy='[data-testid="loading-message"]',
    stop='button[data-testid="stop-button"], [data-testid="loading-message"]',
    composer=_COMPOSER,
    send='button[data-testid="submit-button"]:not([disabled]):not([aria-disabled="true"])',
    typing=("fill", "insert"),
    typing_lines=("fill", "lines"),
    tail='[data-testid="message-item-reactions"]',
    enter=True,
)
NESTED = replace(
    CHAT,
    name="nested",  # headless, 2026-07
    marks=", ".join((*(f"{each} {_FRAME}" for each in _ASSISTANT), f'[{OPENED}="frames"]')),
    body=f"{CHAT.body}, {_FRAME}",
    finished=f"{_FINISHED}, {_FRAME}",  # its buttons are hidden: the socket's end must do
)


_GATE = f"body:not(:has({_COMPOSER}, {_ASSISTANT[0]}, {_ASSISTANT[1]}))"
_PROVIDERS = ("login.microsoftonline.com", "login.live.com", "appleid.apple.com", "accounts.google.com")
_NOT_HERE = (
    r"available in your (?:region|country)|in (?:Ihrer|deiner) Region .{0,20}nicht verfügbar"
    r"|pas .{0,20}disponible dans votre (?:région|pays)|no está disponible en (?:tu|su) (?:región|país)"
    r"|não está disponível (?:na sua região|no seu país)|non è .{0,20}disponibile nel(?:la tua area| tuo paese)"
    r"|お(?:住まい|使い)の(?:国|地域)では|你所在的(?:国家|地区)|您所在的(?:国家|地区)"
)

BARRIERS = (
    Barrier(
        Outcome.LAYOUT_CHANGED,
        "wrong product: this is Microsoft 365 Copilot, not the Copilot that anybody can ask",
        "#m365-copilot-app-layout-root, .fai-CopilotMessage, .fai-CopilotChat, "
        '[data-testid="copilot-message-div"], [data-testid="m365-chat-llm-web-ui-chat-message"]',
    ),
    Barrier(
        Outcome.CHALLENGE,
        "the site asks for a proof of being human",
        '#cf-turnstile:not(:has(input[value]:not([value=""]))), div[id^="cf-chl-widget-"]',
        yields=True,
    ),
    Barrier(Outcome.UNAVAILABLE_HERE, "the site says that it is not available here", _GATE, words=_NOT_HERE),
    Barrier(
        Outcome.LOGIN_WALL,
        "the site wants a login before it goes on",
        ", ".join(
            f'{_GATE} {tag}[{attribute}*="{host}"]'
            for host in _PROVIDERS
            for tag, attribute in (("a", "href"), ("form", "action"), ("button", "formaction"), ("button", "data-url"))
        ),
        late=True,  # the way to log in may be there before the composer is
    ),
)
FAILED = Barrier(
    Outcome.NETWORK,
    "the site says that the message could not be answered",
    ", ".join(f'{each} [role="alert"]' for each in _ASSISTANT),
    yields=True,
)


_BANNER = '#cookie-banner, [class*="max-w-cookie-banner"]'
_BANNER_BUTTON = '#cookie-banner button, [class*="max-w-cookie-banner"] button'
OVERLAYS = (
    Overlay(
        _BANNER,
        _BANNER_BUTTON,
        "Reject|Decline|Ablehnen|Refuser|Rechazar|Rejeitar|Rifiuta|Weigeren|Odrzuć|拒否|拒绝|거부",
    ),
    Overlay(_BANNER, _BANNER_BUTTON, "Accept|Akzeptieren|Aceptar|Aceitar|Accetta|Akceptuj|同意|接受|동의"),
    Overlay("#onetrust-banner-sdk", "#onetrust-reject-all-handler"),
    Overlay("#onetrust-banner-sdk", "#onetrust-accept-btn-handler"),
    Overlay(
        '[data-testid="prompt-sign-in-composer-action"]',
        'button[data-testid="maybe-later-button"]',
    ),
    Overlay('[aria-label="Dismiss"]', '[aria-label="Dismiss"]'),
)
LOOKS = Looks(
    layouts=(NESTED, CHAT),
    failures=FAILURES,
    failed=FAILED,
    barriers=BARRIERS,
    detours=(
        Detour(
            Outcome.LAYOUT_CHANGED,
            "wrong product: the site led to Microsoft 365 Copilot or to Bing",
            r"^https?://(?:m365\.cloud\.microsoft|copilot\.cloud\.microsoft|(?:www\.)?bing\.com)(?:[/:?]|$)",
        ),
        Detour(
            Outcome.LOGIN_WALL,
            "the site led to its login page",
            r"^https?://(?:login\.(?:live|microsoftonline)\.com|account\.live\.com)(?:[/:?]|$)"
            r"|^https?://[^/]+/login(?:[./?#]|$)",
        ),
    ),
    overlays=OVERLAYS,
    hosts=("copilot.microsoft.com", "copilot.com"),
    noise='div[data-copy="false"], [data-testid="citation-cards-row"], [data-testid="message-item-reactions"], '
    '[data-testid="chat-suggestion"], [data-testid="loading-message"], [data-testid="date-divider"]',
)
