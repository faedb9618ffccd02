"""Copilot's labels in the language of the visitor. Selectors must not rest on them: the site has dozens of languages.

The English ones and the Korean of a new chat are as seen on the live site; the others are our translation.
"""

from __future__ import annotations

_LABELS: dict[str, dict[str, str]] = {
    "en": {
        "placeholder": "Message Copilot",
        "new": "New chat",
        "greeting": "What's on your mind today?",
        "asked": "You said",
        "answered": "Copilot said",
        "send": "Submit message",
        "stop": "Interrupt message",
        "copy": "Copy message",
        "like": "Like",
        "dislike": "Dislike",
        "aloud": "Read aloud",
        "share": "Share message",
        "again": "Regenerate message",
        "more": "Show {} more citations",
        "sources": "References",
        "close": "Close",
        "code": "Copy code",
        "table": "Copy table",
        "nudge": "Sign in to keep your chats",
        "sign_in": "Sign in",
        "later": "Maybe later",
        "cookies": "We use cookies to improve your experience.",
        "accept": "Accept",
        "reject": "Reject",
    },
    "de": {
        "placeholder": "Nachricht an Copilot",
        "new": "Neuer Chat",
        "greeting": "Was beschäftigt dich heute?",
        "asked": "Du hast gesagt",
        "answered": "Copilot hat gesagt",
        "send": "Nachricht senden",
        "stop": "Nachricht unterbrechen",
        "copy": "Nachricht kopieren",
        "like": "Gefällt mir",
        "dislike": "Gefällt mir nicht",
        "aloud": "Vorlesen",
        "share": "Nachricht teilen",
        "again": "Nachricht neu generieren",
        "more": "{} weitere Zitate anzeigen",
        "sources": "Referenzen",
        "close": "Schließen",
        "code": "Code kopieren",
        "table": "Tabelle kopieren",
        "nudge": "Melde dich an, um deine Chats zu behalten",
        "sign_in": "Anmelden",
        "later": "Vielleicht später",
        "cookies": "Wir verwenden Cookies, um dein Erlebnis zu verbessern.",
        "accept": "Akzeptieren",
        "reject": "Ablehnen",
    },
    "ko": {"placeholder": "Copilot에 메시지 보내기", "new": "새로운 채팅 시작", "more": "인용 {}개 더 보기"},
}


def labels_for(tag: str) -> dict[str, str]:
    """The labels in the language `tag` (BCP 47), English where it has none."""
    return _LABELS["en"] | _LABELS.get(tag.partition("-")[0].lower(), {})
