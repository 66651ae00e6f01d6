"""A tiny site with pages that are right and pages that are wrong on purpose, to see the checks notice."""

from __future__ import annotations

from typing import Any

POLICY = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:"

STYLE = """
body { margin: 0 1rem; color: #222; background: #fff; font-family: sans-serif; }
.wide { width: 900px; }
.scroll { overflow-x: auto; }
.cut { width: 5rem; overflow: hidden; white-space: nowrap; }
.low { height: 1.5rem; overflow: hidden; }
.dots { width: 5rem; overflow: hidden; white-space: nowrap; text-overflow: ellipsis; }
.tight { width: 3rem; white-space: nowrap; border: 1px solid; }
.pale { color: #ccc; background: #fff; }
.heard { position: absolute; width: 1px; height: 1px; overflow: hidden; clip: rect(0 0 0 0); white-space: nowrap; }
.made::after { content: "more"; }
.off { position: absolute; left: -50px; }
.hidden { display: none; }
"""

SCRIPTS = {
    "throws": "throw new Error('on purpose');",
    "says": "console.error('said on purpose');",
    "evaluates": "try { eval('1'); } catch (error) { /* kept to itself */ }",
    "fetches": "fetch('/gone').catch(() => {});",
}

LONG = "这一段文字相当长，窄的框里放不下它的全部内容。"

RIGHT = {
    "zh": f"""
      <h1>服务单 <span translate="no">CP-2026-000026</span></h1>
      <p>客户 <b class="notranslate">Wang Li</b> 的 SLA：<a href="https://example.org/a-b">https://example.org/a-b</a>，
      时区 Asia/Shanghai，命令 <code>careplug due</code>，语言 <a href="/" lang="en">Speak English</a></p>
      <p class="heard">只供朗读的一段文字，不占位置，相当长</p>
      <div class="scroll" tabindex="0" role="region" aria-label="宽表"><div class="wide">{LONG * 3}</div></div>
      <form><label>姓名 <input value="John Smith" placeholder="请输入"></label> <button title="保存">保存</button></form>""",
    "en": """
      <h1>Case <span translate="no">CP-2026-000026</span></h1>
      <p>A <em>plain</em> page by <b translate="no">王丽</b>, also in <a href="/" lang="zh">中文</a>.</p>
      <form><label>Name <input placeholder="A name"></label> <button>Save</button></form>""",
    "qps": """
      <h1>⟦Case CP-2026-000026⟧</h1>
      <p>⟦A <em>plain</em> page of ⟦two⟧ sentences⟧ <b translate="no">Wang Li</b> 2026-02-14 17:50</p>
      <button aria-label="⟦Save⟧">⟦Save⟧</button>""",
}

WRONG = {
    "wide": f'<div class="wide" id="w">{LONG}</div>',
    "off": '<p class="off">看不全</p>',
    "cut": f'<p class="cut">{LONG}</p>',
    "cut-inside": f'<div class="cut" id="box"><b>{LONG}</b></div>',
    "low": f'<p class="low">{LONG * 20}</p>',
    "dots": f'<p class="dots">{LONG}</p>',
    "tight": f'<p><button class="tight">{LONG}</button></p>',
    "word": "<p>报表 Report 打不开</p>",
    "hidden-word": '<p class="hidden">Nothing found</p>',
    "placeholder": '<label>搜索 <input placeholder="Search"></label>',
    "title": '<p title="Tooltip">提示</p>',
    "aria": '<button aria-label="Close">关</button>',
    "alt": '<img src="/dot.svg" alt="A picture">',
    "value": '<input type="submit" value="Send">',
    "made": '<p class="made">内容</p>',
    "confirm": '<button hx-confirm="Really?">删除</button>',
    "nested": '<p translate="no">Wang <span translate="yes">replied</span></p>',
    "code": "<p>状态 waiting_customer</p>",
    "nameless": "<button></button>",
    "pale": '<p class="pale">看不清的文字</p>',
    "inline-style": '<p style="color: red">红</p>',
}


def page(body: str, *, language: str = "zh-CN", title: str = "页", head: str = "") -> str:
    """A whole page."""
    lang = f' lang="{language}"' if language else ""
    return (
        f'<!doctype html><html{lang}><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>'
        f'<link rel="stylesheet" href="/style.css">{head}</head><body><main>{body}</main></body></html>'
    )


def application() -> Any:
    """The site: `/right/LANGUAGE`, `/wrong/NAME`, `/script/NAME`, `/text/LANGUAGE?body=…`, `/asked`."""
    from flask import Flask, Response, request

    app = Flask("careplug_test_site")

    @app.after_request
    def policy(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = POLICY
        return response

    titles = {"zh": "服务单", "en": "Case", "qps": "⟦Case⟧"}
    tags = {"zh": "zh-CN", "en": "en", "qps": "qps"}
    app.add_url_rule("/style.css", "style", lambda: Response(STYLE, mimetype="text/css"))
    app.add_url_rule(
        "/dot.svg", "dot", lambda: Response('<svg xmlns="http://www.w3.org/2000/svg"/>', mimetype="image/svg+xml")
    )
    app.add_url_rule("/scripts/<name>.js", "js", lambda name: Response(SCRIPTS[name], mimetype="text/javascript"))
    app.add_url_rule(
        "/right/<language>",
        "right",
        lambda language: page(RIGHT[language], language=tags[language], title=titles[language]),
    )
    app.add_url_rule("/wrong/<name>", "wrong", lambda name: page(f"<h1>题</h1>{WRONG[name]}"))
    app.add_url_rule(
        "/script/<name>", "script", lambda name: page("<h1>题</h1>", head=f'<script src="/scripts/{name}.js"></script>')
    )
    app.add_url_rule("/text/", "text-none", lambda: page(request.args["body"], language=""))
    app.add_url_rule("/text/<language>", "text", lambda language: page(request.args["body"], language=language))
    app.add_url_rule("/narrow", "narrow", lambda: page("<h1>题</h1>").replace("width=device-width", "width=980"))
    app.add_url_rule(
        "/asked",
        "asked",
        lambda: {"language": request.accept_languages.best, **request.cookies, "role": request.headers.get("X-Role")},
    )
    return app
