"""Google's words by display language, as far as they are known (public selectors and tests, 2026); else English."""

from __future__ import annotations

import re
from dataclasses import dataclass

from starlette.requests import Request


@dataclass(frozen=True)
class Words:
    """What the consent page and the composer say."""

    reject: str
    accept: str
    before: str = "Before you continue to Google"
    send: str = "Send message"
    stop: str = "Stop response"
    sign_in: str = "Sign in"
    meet: str = "Meet Gemini, your personal AI assistant"


ENGLISH = Words("Reject all", "Accept all")
LANGUAGES = {
    "en": ENGLISH,
    "de": Words("Alle ablehnen", "Alle akzeptieren", "Bevor Sie zu Google weitergehen", "Nachricht senden"),
    "fr": Words("Tout refuser", "Tout accepter", "Avant d'accéder à Google", "Envoyer un message"),
    "es": Words("Rechazar todo", "Aceptar todo", "Antes de ir a Google", "Enviar mensaje"),
    "it": Words("Rifiuta tutto", "Accetta tutto", "Prima di continuare su Google"),
    "pt": Words("Rejeitar tudo", "Aceitar tudo"),
    "nl": Words("Alles afwijzen", "Alles accepteren"),
    "pl": Words("Odrzuć wszystko", "Zaakceptuj wszystko"),
    "ru": Words("Отклонить все", "Принять все"),
    "ja": Words("すべて拒否", "すべて受け入れる", send="送信"),
    "zh": Words(
        "全部拒绝", "全部接受", "在您继续使用 Google 之前", "发送", "停止回答", "登录", "认识 Gemini，您的私人 AI 助理"
    ),
    "zh-TW": Words("全部拒絕", "全部接受", stop="停止回答", sign_in="登入"),
    "ko": Words("모두 거부", "모두 수락"),
    "ar": Words("رفض الكل", "قبول الكل"),
    "vi": Words("Từ chối tất cả", "Chấp nhận tất cả"),
}


def language_of(request: Request) -> str:
    """The display language: what `?hl=` asks for, else the browser's first."""
    wished = request.query_params.get("hl") or request.headers.get("accept-language", "")
    match = re.match(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*", wished)
    return match[0] if match else "en"


def words_in(language: str) -> Words:
    """The words of `language`, or of what it is a variety of."""
    return LANGUAGES.get(language) or LANGUAGES.get(language.partition("-")[0], ENGLISH)
