"""What ChatGPT's pages look like, as data. Newest generation first; the dates say when a generation was seen.

Two front ends are live. `server` is the server-rendered app that logged-out visitors get since July 2026, `react` the
classic app that some of them still get. Both name their parts by attributes; class names change with every build.
"""

from __future__ import annotations

import re

from completions.errors import Outcome
from completions.sites.chatgpt.failures import FAILURES
from completions.sites.layout import Barrier, Detour, Layout, Looks, Overlay

SEARCHING = re.compile(r"\bsearch", re.IGNORECASE)
"""In the status line over an answer: the site searches, or has searched, the web. English, the only form known."""
HOME = "https://chatgpt.com/"
CONVERSATION = r"/(?:g/[^/]+/)?(?:c|uc)/[0-9a-f]{8}-[0-9a-f-]{27}"
"""Path of a conversation: `/uc/<id>` signed out, `/c/<id>` signed in. Ids look like UUIDs but are none; one that
begins with `WEB:` is the page's own, until the site has given another."""


SERVER = Layout(
    name="server",  # 2026-07 to 2026-10, desktop widths too
    marks="main[data-app-shell], form[data-mobile-composer], textarea#mobile-composer-prompt, "
    "[data-web-mobile-conversation], [data-conversation-transcript], .wm-composer-textarea",
    user='li[data-message-role="user"]',
    assistant='li[data-message-role="assistant"]',
    turn="li[data-message-role]",
    body="[data-assistant-markdown]",
    finished="[data-message-complete]",
    busy="[data-message-streaming]",
    stop="[data-stop-generating]",
    composer="textarea#mobile-composer-prompt, textarea[data-mobile-composer-prompt], textarea.wm-composer-textarea",
    send='button[data-composer-submit]:not([aria-disabled="true"]):not([data-stop-generating]), '
    'button.wm-composer-submitButton:not([aria-disabled="true"]):not([disabled])',
    typing=("fill",),
    typing_lines=("fill",),
    loses=True,
    tail="[data-assistant-message-actions]",
)
REACT = Layout(
    name="react",  # 2025 to 2026-09
    marks='#thread, form[data-type="unified-composer"], div#prompt-textarea, '
    '[data-testid="blocking-initial-modals-done"], [data-testid^="conversation-turn-"], [data-message-author-role]',
    user='[data-message-author-role="user"]',
    assistant='[data-message-author-role="assistant"], section[data-turn="assistant"]',
    turn='section[data-turn], [data-testid^="conversation-turn-"], article',
    body=".markdown, .prose",
    finished='[data-testid="copy-turn-action-button"], [data-testid="good-response-turn-action-button"], '
    '[role="group"][aria-label="Response actions"]',
    busy='.streaming-animation, .result-streaming, .result-thinking, [data-is-streaming="true"], [aria-busy="true"], '
    '[data-message-id^="request-placeholder"]',
    stop='button[data-testid="stop-button"]',
    composer='div#prompt-textarea[contenteditable="true"], [contenteditable="true"][data-composer-markdown], '
    'div.ProseMirror[contenteditable="true"]',
    send='button[data-testid="send-button"]:not([disabled]), [data-testid="fruitjuice-send-button"]:not([disabled])',
    typing=("insert", "paste"),
    typing_lines=("paste", "lines"),
)


BARRIERS = (
    Barrier(
        Outcome.RATE_LIMITED,
        "the site's message limit for visitors is reached",
        "#no-auth-soft-rate-limit-dialog, #modal-no-auth-soft-rate-limit-inline-auth, "
        '[data-testid="modal-no-auth-rate-limit"]',
        yields=True,
    ),
    # `refused` is said only where the site itself marks a safety intervention (data-safety-*); words never decide it.
    Barrier(
        Outcome.REFUSED,
        "the site's own safety dialog stands in place of an answer",
        '[data-safety-dialog], [data-safety-retry], [data-gate-kind*="safety"]',
    ),
    Barrier(
        Outcome.RATE_LIMITED,
        "the site gates the conversation: limit reached",
        '[data-gate-kind*="limit"]',
    ),
    Barrier(
        Outcome.LOGIN_WALL,
        "the site wants a login before it goes on",
        '[data-testid="login-form"], html[data-conversation-gated], [data-conversation-gate], '
        "[data-conversation-gate-panel], [data-gate-kind]",
    ),
    Barrier(
        Outcome.LOGIN_WALL,
        "the site's login dialog is open",
        '#mobile-auth-dialog, #modal-no-auth-login, [data-testid="modal-no-auth-login"]',
        yields=True,
    ),
)
FAILED = Barrier(
    Outcome.NETWORK,
    "the site says that something went wrong and offers to try again",
    "[data-conversation-recovery], [data-composer-submission-status], [data-failure-status]",
    yields=True,
)


OVERLAYS = (
    Overlay(
        "[data-octane-static-cookie-consent], form[data-privacy-consent-form]",
        'form[data-privacy-consent-form]:has(input[name="action"][value="reject"]) button[type="submit"]',
    ),
    Overlay(
        'div[role="dialog"]:has(a[href*="openai.com/policies/cookie-policy"])',
        'div[role="dialog"]:has(a[href*="openai.com/policies/cookie-policy"]) button',
        r"Reject|Ablehnen|Refuser|Rechazar|Rejeitar|Rifiuta|Weigeren|Odrzuć|拒否|拒绝|거부",
    ),
    Overlay(
        "#mobile-auth-dialog, dialog[data-bottom-sheet]:not(#no-auth-soft-rate-limit-dialog)",
        'button[data-bottom-sheet-dismiss-button], button[aria-label="Back to ChatGPT"]',
    ),
    Overlay(
        '#modal-no-auth-login, [data-testid="modal-no-auth-login"]',
        '#modal-no-auth-login :is(a, button), [data-testid="modal-no-auth-login"] :is(a, button)',
        "Stay logged out|Maybe later",
    ),
    Overlay("#mobile-auth-dialog, #modal-no-auth-login", None),
)
LOOKS = Looks(
    layouts=(SERVER, REACT),
    failures=FAILURES,
    failed=FAILED,
    barriers=BARRIERS,
    detours=(
        Detour(
            Outcome.LOGIN_WALL, "the site led to its login page", r"^https?://(?:auth\.openai\.com(?:/|$)|[^/]+/auth/)"
        ),
    ),
    overlays=OVERLAYS,
    spoken='[data-composer-submission-status], [role="alert"], [role="dialog"]',
    coded="[data-failure-status]",
    codes=("data-failure-status", "data-failure-reason", "data-gate-kind"),
    hosts=("chatgpt.com", "chat.openai.com"),
)
