"""What Gemini's pages look like, as data: an Angular app of custom elements, seen 2025 to 2026-09.

Its elements and `data-test-id`s have lasted for years, its class names for months; labels are in the visitor's own
language.
"""

from __future__ import annotations

from completions.errors import Outcome
from completions.sites.gemini.failures import FAILURES
from completions.sites.layout import Barrier, Detour, Layout, Looks, Overlay

HOME = "https://gemini.google.com/app"
CONVERSATION = r"/(?:u/\d+/)?(?:app|gem/[^/]+|share)/[0-9a-f]{8,}"
"""Path of a conversation: `/app/<16 hex>` once the first prompt is sent, `/share/<id>` where it was shared."""
THOUGHTS = "model-thoughts, .thoughts-container, thinking-overlay"
CHIPS = "source-inline-chip"
FOOTNOTES = "source-footnote"
CARDS = "rich-list-card"
PLACES = "inline-location"
PICTURES = "single-image, generated-image"

GEM = Layout(
    name="gem",
    marks="chat-app, chat-window, chat-window-content, bard-sidenav, model-response, share-turn-viewer, "
    "rich-textarea .ql-editor",
    user="user-query, share-turn-viewer user-query-content",
    assistant="model-response, response-container",
    turn="model-response",
    body=".model-response-text message-content",
    finished=".response-footer.complete",
    busy='message-content [aria-busy="true"], message-content[aria-busy="true"]',
    stop="gem-icon-button.send-button.stop button, button.send-button.stop, button.stop-button, "
    'button[aria-label="Stop response"]',
    composer='rich-textarea .ql-editor[contenteditable="true"], div.ql-editor[role="textbox"][contenteditable="true"], '
    '[contenteditable="true"][aria-label*="Gemini"]:not(.ql-clipboard)',
    # 2026-08: no button while the composer is empty; 2026-05: a dead one, which only its host element tells
    send='gem-icon-button.send-button:not(.stop):not([aria-disabled="true"]) button:not([disabled]), '
    'button.send-button:not(.stop):not([disabled]):not([aria-disabled="true"]), '
    '.send-button-container:not(.disabled):not(:has([aria-disabled="true"])) button[aria-label="Send message"]',
    tail="message-actions",
    enter=True,
)

_CONSENT = 'form[action*="consent.google."]'
_REJECT = (
    "Reject all|Alle ablehnen|Tout refuser|Rechazar todo|Rifiuta tutto|Rejeitar tudo|Alles afwijzen|Odrzuć wszystko"
    "|Отклонить все|すべて拒否|全部拒绝|拒绝全部|全部拒絕|모두 거부|رفض الكل|Từ chối tất cả"
)
OVERLAYS = (
    Overlay(_CONSENT, f'{_CONSENT} :is(button, input[type="submit"])', _REJECT),
    Overlay(_CONSENT, f'{_CONSENT} :is(button, input[type="submit"])'),  # rejecting comes first in every language
    Overlay("mat-dialog-container", 'mat-dialog-container [data-test-id="close-button"]'),
    Overlay("mat-dialog-container", None),
)
BARRIERS = (
    Barrier(
        Outcome.CHALLENGE,
        "Google asks for a proof of being human",
        'form#captcha-form, form[action*="/sorry/"], iframe[src*="/recaptcha/"][title*="challenge"]',
        yields=True,
    ),
    Barrier(
        Outcome.LOGIN_WALL,
        "Google's login page came in place of the chat",
        'input#identifierId, form[action*="/v3/signin/"]',
    ),
    Barrier(
        Outcome.UNAVAILABLE_HERE,
        "the site says that it is not available in this country",
        "body:not(:has(rich-textarea)):not(:has(user-query))",
        words=r"Gemini (?:isn['’]t|is not) (?:currently |yet )?(?:supported|available) in your (?:country|region)",
    ),
)
DETOURS = (
    Detour(Outcome.CHALLENGE, "the site led to Google's page against robots", r"^https?://[^/?#]+/sorry/"),
    Detour(
        Outcome.LOGIN_WALL,
        "the site led to its login page",
        r"^https?://(?:[^/?#]+/)?accounts\.google\.|^https?://[^/?#]+/(?:ServiceLogin|InteractiveLogin|v3/signin)\b",
    ),
)
FAILED = Barrier(
    Outcome.NETWORK,
    "the site says that something went wrong",
    "simple-snack-bar, .mat-mdc-snack-bar-label",
    yields=True,
    words="something went wrong|try again",
)
LOOKS = Looks(
    layouts=(GEM,),
    failures=FAILURES,
    failed=FAILED,
    barriers=BARRIERS,
    detours=DETOURS,
    overlays=OVERLAYS,
    spoken='[role="alert"], simple-snack-bar, .mat-mdc-snack-bar-label, mat-dialog-container',
    hosts=("gemini.google.com", "bard.google.com", "accounts.google.com", "support.google.com", "policies.google.com"),
    noise=f"{THOUGHTS}, .cdk-visually-hidden, .screen-reader-model-response-label, .model-response-label-announcer, "
    "sources-list, .response-footer, message-actions, "
    "sensitive-memories-banner, freemium-rag-disclaimer, button, gem-icon-button, mat-icon, gem-icon, mat-menu, "
    f"gem-popover, .table-footer, .cdk-overlay-popover, {CARDS}, {PICTURES}, .hide-from-message-actions, "
    'overview-carousel, form, [role="radiogroup"], user-query',
)
