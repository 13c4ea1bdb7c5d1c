"""Which passwords members may have: long ones that nobody guesses first. No rules of composition (NIST SP 800-63B, 3.1.1.2)."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from itertools import pairwise
from typing import Final

MIN_LENGTH: Final = 10
MAX_LENGTH: Final = 200
"""Code points. The bound keeps hashing cheap; nobody remembers more."""
COMMON: Final = frozenset(
    """
    0987654321 1029384756 1111111111a 1122334455 11223344556677 1212121212 123123123123 1231231234
    123123123a 123321123321 1234512345 1234554321 123456123456 1234567890 1234567890a 1234567891
    12345678910 123456789a 123456789aa 123456789abc 123456789q 123456789qq 123456abcdef 123456qwerty
    12qwaszx12 13145201314 1314520520 1314521521 147258369147 147258369a 1q2w3e4r5t 1q2w3e4r5t6y
    1qaz1qaz1qaz 1qaz2wsx3e 1qaz2wsx3edc 1qazxsw23edc 2wsx3edc4rfv 5201314520 52013145201314 5201314aaa
    521521521521 7758521520 7758521521 7894561230 789456123a 9876543210 987654321a a123456789 a1234567890
    a12345678910 aa123456789 aaa123456789 abc1234567 abc12345678 abc123456789 abcd123456 abcd1234567
    abcd12345678 admin12345 admin123456 admin123456789 admin@123456 administrator aini1314520 asd123456789
    asdf123456 asdfasdfasdf asdfghjkl1 asdfghjkl123 asdfghjkl; asdfghjkl;' baobao1314 changeme123
    dearbook123 iloveyou123 iloveyou1314 iloveyou520 internet123 kefu123456 kefu12345678 kuaishou123
    letmein123 letmein1234 miaohui123 miaohui1234 mima123456 mima12345678 p@ssw0rd123 p@ssword123
    passw0rd123 password01 password11 password12 password123 password1234 password12345 password123456
    password@123 pinduoduo123 q123456789 q1w2e3r4t5 q1w2e3r4t5y6 qazwsxedc1 qazwsxedc123 qazwsxedcrfv
    qq123456789 qq1234567890 qwe123456789 qwer123456 qwer12345678 qwerasdfzxcv qwert12345 qwerty1234
    qwerty12345 qwerty123456 qwertyuiop qwertyuiop1 qwertyuiop123 qwertyuiop[] root123456 taobao123456
    test123456 tianmao123 w123456789 welcome123 wo123456789 woaini1314 woaini1314520 woaini5201314
    woaini521521 woaiwojia1 woaiwojia123 xiaoxiao123 z123456789 zaq12wsxcde3 zhang123456 zhangwei123
    zx123456789 zxcvbnm,./ zxcvbnm123 zxcvbnm123456 zxcvbnmasdfghjkl
    """.split()  # noqa: SIM905  (two pages of quotes otherwise)
)
"""The commonest of those that are long enough."""


def password_fault(password: str, known: Collection[str] = ()) -> str | None:
    """Why the password cannot be taken; None if it can. `known` are words that others know of its owner: login, name, shop."""
    folded = _fold(password)
    if len(password) < MIN_LENGTH:
        return f"密码至少 {MIN_LENGTH} 个字符；一句只有你知道的话最好记 / at least {MIN_LENGTH} characters"
    if len(password) > MAX_LENGTH:
        return f"密码最多 {MAX_LENGTH} 个字符 / at most {MAX_LENGTH} characters"
    if folded in COMMON or _is_run(folded):
        return "这个密码太常见，别人第一批就会试；换一句只有你知道的话 / too common"
    rest = folded
    for word in sorted((_fold(word) for word in known if len(word) >= 3), key=len, reverse=True):
        rest = rest.replace(word, "")
    if len(rest) < MIN_LENGTH // 2:
        return "密码里不能大半是登录名、姓名或店名 / not your own name or login"
    return None


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _is_run(text: str) -> bool:
    """Is it one piece of at most three characters again and again, or characters that follow one another?"""
    steps = {ord(after) - ord(before) for before, after in pairwise(text)}
    repeats = any(text == (text[:size] * len(text))[: len(text)] for size in (1, 2, 3))
    return repeats or steps in ({1}, {-1})
