"""What Perplexity's pages look like, as data. Newest generation first; the dates say when a generation was seen.

`workflow` lays a thread out as one flat row: each prompt, the steps taken for it, the answer, its buttons; only turns
near the view are drawn. `prose` has a block with a numbered id for each answer. `bare` is a page with the composer and
nothing of either: the start, or the first generation. Labels are in the language of the interface, icons are not.
"""

from __future__ import annotations

from dataclasses import replace

from completions.errors import Outcome
from completions.sites.layout import Barrier, Detour, Layout, Looks, Overlay
from completions.sites.perplexity.failures import FAILURES

HOME = "https://www.perplexity.ai/"
CONVERSATION = r"/search/(?!new(?:/|$))[^/?#]+"
"""Path of a thread; its last part is a slug, since 2026-09 the id of its first entry."""
FINAL = '[data-workflow-final-text], [class~="group/final-text"]'
"""Around the answer itself; what is drawn outside is said on the way to it. There from the first word (2026-09-18)."""

_COMPOSER = (
    '#ask-input[contenteditable="true"], [data-ask-input-container="true"] [role="textbox"], textarea#ask-input, '
    'textarea[placeholder*="Ask"]'
)
_SEND = 'button[aria-label="Submit"]:not([disabled]), button[data-testid="submit-button"]:not([disabled])'
# read-aloud and dictation have a stop button with the same icon
# one that stays in the page, closed, stops nothing: the buttons below the answer say that it is whole
_STOP = (
    'button[aria-label^="Stop response"]:not([data-state="closed"]), '
    '[data-testid="stop-generating-response-button"]:not([data-state="closed"]), '
    '[data-ask-input-container="true"] button:has(use[*|href="#pplx-icon-player-stop-filled"])'
    ':not([aria-label="Stop dictation"]):not([data-state="closed"])'
)
_BUTTONS = 'use[*|href="#pplx-icon-copy"], use[*|href="#pplx-icon-thumb-up"]'
"""Below an answer that is whole; those above it belong to the prompt or to code."""


WORKFLOW = Layout(
    name="workflow",  # 2026-08 to 2026-10
    marks=f'[data-workflow-entry], [data-workflow-text-footer], [class~="group/user-bubble"], {FINAL}',
    user='[class~="group/user-bubble"], [class~="group/user-bubble"] [data-renderer="lm"], '
    '[class~="group/user-bubble"] .prose, span.select-text > span.whitespace-pre-line',
    assistant='.prose[data-renderer="lm"], [data-workflow-final-text] .prose, [class~="group/final-text"] .prose, '
    '[data-workflow-final-text] [data-renderer="lm"]',
    turn=FINAL,
    body='.prose, [data-renderer="lm"]',
    finished=f"[data-workflow-text-footer], {_BUTTONS}",
    busy='[aria-busy="true"]',
    stop=_STOP,
    composer=_COMPOSER,
    send=_SEND,
    typing=("insert", "paste"),
    typing_lines=("lines", "paste"),
    follows=True,
    numbered="data-workflow-entry",
    enter=True,
)
PROSE = replace(
    WORKFLOW,
    name="prose",  # 2025 to 2026-08
    marks='[id^="markdown-content-"], [class~="group/query"]',
    user='[class~="group/query"]',
    assistant='[id^="markdown-content-"]',
    turn='[id^="markdown-content-"]',
    finished=_BUTTONS,
    numbered="",
)
BARE = replace(
    PROSE,
    name="bare",  # 2024, and any page before there is something asked
    marks=f'[data-testid="answer"], #ask-input, [data-ask-input-container], {_COMPOSER}',
    user='[data-testid="query"]',
    assistant='[data-testid="answer"]',
    turn='[data-testid="answer"]',
    body=".prose",
    finished=f'{_BUTTONS}, button[aria-label="Copy"]',
)

_SIGN_IN = (
    r"\b(?:sign|log) ?in\b|create an account|continue with (?:google|apple|email)|enter your email|anmelden"
    r"|se connecter|iniciar sesión|accedi|fazer login|ログイン|로그인|登录"
)
_DIALOG = '[role="dialog"]:not(:has(#cookie-consent))'
_CONSENTS = (
    '[role="dialog"][class~="fixed"][class*="bottom-2"]',  # 2026-10
    '[role="dialog"]:has(#cookie-consent)',
    "#cookie-consent",
)
_MODAL = '[data-type="portal"] [data-testid="login-modal"]'
"""Over the whole page (2026-10); in a corner of it, the same is an invitation."""
LOOKS = Looks(
    layouts=(WORKFLOW, PROSE, BARE),
    failures=FAILURES,
    failed=Barrier(
        Outcome.NETWORK,
        "the site says that something went wrong",
        '[role="alert"]:has(button), [data-testid*="error-message"]',
        yields=True,
    ),
    barriers=(
        Barrier(
            Outcome.LOGIN_WALL, "the site's sign-in dialog is open", _DIALOG, yields=True, words=_SIGN_IN
        ),  # closed before asking, see below; what is read is one that came up later
        Barrier(
            Outcome.LOGIN_WALL,
            "the site's sign-in dialog is open",
            f'[role="dialog"] input[type="email"], [role="dialog"] a[href*="/api/auth/signin"], {_MODAL}',
            yields=True,
        ),
    ),
    detours=(
        Detour(
            Outcome.LOGIN_WALL,
            "the site led to its login page",
            r"^https?://[^/]+/(?:login|log-in|sign-?in|sign-?up|api/auth/signin)(?:[/?#]|$)|^https?://accounts\.google\.",
        ),
    ),
    overlays=(
        Overlay(
            ", ".join(_CONSENTS),
            ", ".join(f"{each} button" for each in _CONSENTS),
            r"Necessary|Reject|Decline|Notwendig|Ablehnen|nécessaires|Refuser|necesarias|Rechazar|necessari|Rifiuta"
            r"|necessários|Rejeitar|Noodzakelijk|Weigeren|Niezbędne|Odrzuć|必須|拒否|必要|拒绝|필수|거부",
        ),
        Overlay("#onetrust-banner-sdk", "#onetrust-reject-all-handler"),
        Overlay("#onetrust-banner-sdk", "#onetrust-accept-btn-handler"),
        Overlay(_DIALOG, '[role="dialog"] button[aria-label="Close"]'),
        Overlay('[role="dialog"]:not(:has(#cookie-consent)):not(:has(iframe))', None),
        Overlay(_MODAL, '[data-type="portal"] button[aria-label="Close"]'),
        Overlay(_MODAL, None),
    ),
    spoken='[role="alert"], [role="status"], [role="dialog"], [data-sonner-toast]',
    hosts=("perplexity.ai",),
    noise='[data-testid="trusted-citation-check"], [data-testid="copy-code-button"], .citation-nbsp, '
    '[data-inline-type="image"]',
)
