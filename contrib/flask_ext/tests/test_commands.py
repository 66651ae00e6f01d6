"""`flask careplug …` on a host's own Care, `careplug accounts`, and what `careplug serve` refuses before it serves."""

from __future__ import annotations

import io
import json
import os
import re
import socket
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout

import pytest
from flask import Flask

from careplug import Actor, Care
from careplug.cli.main import run
from careplug.errors import Invalid
from careplug_flask.extension import Careplug
from careplug_flask.standalone import create_app, plugin
from careplug_flask.standalone.accounts import checked
from careplug_flask.standalone.place import beside, secret_key
from careplug_flask.standalone.server import way_of

PASSWORD = "richtig-geheim-1"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("CAREPLUG_DATABASE", "CAREPLUG_CONFIG", "CAREPLUG_SECRET_KEY", "LC_ALL", "LANG", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def careplug(*words, typed=""):
    """Run the command line in this process; `typed` comes from standard input."""
    out, err = io.StringIO(), io.StringIO()
    before, sys.stdin = sys.stdin, io.StringIO(typed)
    try:
        with redirect_stdout(out), redirect_stderr(err):
            code = run(words)
    finally:
        sys.stdin = before
    return code, out.getvalue(), err.getvalue()


# -- flask careplug --


@pytest.fixture
def host(folder):
    app = Flask("host")
    careplug = Careplug(app, storage=f"sqlite:///{folder}/host.db")
    care = careplug.state_of(app).care
    care.upgrade()
    with care.unit(actor=Actor.customer("li")) as unit:
        unit.feedback.submit("fault", "The printer is broken")
    yield app
    care.close()


def flask(app, *words):
    # other tests and tools leave a width behind; a table on a narrow terminal is paragraphs
    return app.test_cli_runner().invoke(args=["careplug", *words], env={"COLUMNS": "120"})


@pytest.mark.parametrize(("language", "words"), [("zh", "编号"), ("en", "Number")])
def test_the_hosts_command_line_works_on_the_hosts_database(host, folder, language, words):
    found = flask(host, "list", "--lang", language)
    assert found.exit_code == 0, found.output
    assert "The printer is broken" in found.output
    assert words in found.output
    assert not (folder / "careplug.db").exists()
    assert flask(host, "list").exit_code == 0  # the Care is still open


def test_its_schema_is_planned_with_the_hosts_own_plugins(host):
    found = flask(host, "db", "plan", "--lang", "zh")
    assert found.exit_code == 0, found.output
    assert flask(host, "db", "check").exit_code == 0


def test_help_says_how_it_is_called_there(host):
    found = flask(host, "--help", "--lang", "zh")
    assert found.exit_code == 0
    assert "flask careplug" in found.output
    assert "来自插件" in found.output
    assert "flask careplug submit" in flask(host, "submit", "--help").output
    assert flask(host).exit_code == 2


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("show", "CP-2000-000001"), 1, "CP-2000-000001"),
        (("nonsense",), 2, "nonsense"),
        (("list", "--nonsense"), 2, "--nonsense"),
        (("list", "-d", "sqlite:///other.db"), 2, "此命令行使用应用自己的数据库"),
        (("accounts", "list"), 1, "此应用有自己的用户"),
        (("serve",), 1, "此应用有自己的用户"),
    ],
)
def test_errors_have_the_exit_codes_of_careplug(host, words, code, said):
    found = flask(host, *words, "--lang", "zh")
    assert found.exit_code == code, found.output
    assert said in found.output


def test_an_app_with_local_accounts_has_their_commands(folder):
    app = create_app(database=f"sqlite:///{folder}/desk.db")
    add("--name", "李敏", "-d", f"sqlite:///{folder}/desk.db")
    found = flask(app, "accounts", "list", "--json")
    assert (found.exit_code, json.loads(found.output)["login"]) == (0, "li")
    app.extensions["careplug"].care.close()


def test_every_word_is_handed_over(host):
    number = json.loads(flask(host, "list", "--json").output)["number"]
    found = flask(host, "note", number, "--", "--help is no option here")
    assert found.exit_code == 0, found.output
    assert "--help is no option here" in flask(host, "show", number).output


def test_a_key_made_there_opens_the_hosts_api(host):
    given = ("--name", "sync", "--for", "person:wang", "--is", "engineer", "--json")
    key = json.loads(flask(host, "tokens", "issue", *given).output)["key"]
    answer = host.test_client().get("/careplug/api/v1/feedback", headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 200


def test_an_app_starts_without_the_command_line():
    told = (
        "import sys; from flask import Flask; from careplug_flask import Careplug\n"
        "Careplug(Flask('host'), storage='sqlite://')\n"
        "print(sorted(name for name in sys.modules if name.startswith('careplug.cli') or name == 'argon2'))"
    )
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# -- careplug accounts --


def add(*more, login="li", typed=f"{PASSWORD}\n"):
    return careplug("accounts", "add", login, "--is", "customer", *more, typed=typed)


def test_an_account_is_added_listed_and_switched(folder):
    code, out, err = add("--name", "李敏", "--organisation", "organisation:water", "--json")
    assert (code, err) == (0, "")
    made = json.loads(out)
    assert (made["person"], made["roles"], made["organisations"]) == ("person:li", ["customer"], ["organisation:water"])
    assert not {"hash", "stamp", "password"} & set(made)
    listed = json.loads(careplug("accounts", "list", "--json")[1])
    assert listed["login"] == "li"
    assert not {"hash", "stamp"} & set(listed)
    assert "li can no longer log in" in careplug("accounts", "deactivate", "li")[1]
    with Care("sqlite:///careplug.db", plugins=[plugin]) as care:
        assert checked(care, "li", PASSWORD) is None
    assert "可以重新登录" in careplug("accounts", "activate", "LI", "--lang", "zh")[1]
    assert careplug("accounts", "passwd", "li", typed="another-secret\n")[0] == 0
    with Care("sqlite:///careplug.db", plugins=[plugin]) as care:
        assert checked(care, "li", PASSWORD) is None
        assert checked(care, "li", "another-secret").actor.organisations[0].id == "water"
    assert "李敏" in careplug("parties", "list")[1]


def test_people_see_a_table_in_their_language():
    add()
    assert "可登录" in careplug("accounts", "list", "--lang", "zh")[1]
    assert "May log in" in careplug("accounts", "list", "--lang", "en")[1]


@pytest.mark.parametrize(
    ("words", "typed", "code", "said"),
    [
        (("add", "li", "--is", "customer"), "short\n", 1, "8 至 200"),
        (("add", "li", "--is", "customer"), "", 1, "8 至 200"),
        (("add", "li", "--is", "boss"), "", 2, "boss"),
        (("add", "li"), "", 2, "--is"),
        (("add", "li", "--is", "customer", "--password", PASSWORD), "", 2, "--password"),
        (("add", "li", PASSWORD, "--is", "customer"), "", 2, PASSWORD),
        (("passwd", "nobody"), PASSWORD, 1, "没有账户 nobody"),
        (("deactivate", "nobody"), "", 1, "没有账户 nobody"),
        (("list", "--role", "manager"), "", 1, "accounts.manage"),
        (("list", "--tenant", "other"), "", 1, "只有一个租户"),
    ],
)
def test_what_goes_wrong_with_accounts_has_a_sentence_and_a_code(words, typed, code, said):
    found = careplug("accounts", *words, "--lang", "zh", typed=typed)
    assert found[0] == code, found
    assert said in found[2]


def test_on_a_terminal_the_password_is_asked_for_two_times_and_not_shown(folder):
    pty = pytest.importorskip("pty")
    program = "from careplug.cli.main import main; main(['accounts', 'add', 'li', '--is', 'customer', '--lang', 'zh'])"
    child, master = pty.fork()
    if child == 0:
        os.execv(sys.executable, [sys.executable, "-c", program])
    seen = b""
    for _ in range(2):
        while seen.count("： ".encode()) + seen.count(b": ") < 1:
            seen += os.read(master, 1024)
        os.write(master, f"{PASSWORD}\n".encode())
        said, seen = seen, b""
        assert PASSWORD.encode() not in said
    while True:
        try:
            more = os.read(master, 1024)
        except OSError:
            break
        if not more:
            break
        seen += more
    os.close(master)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, seen.decode()
    assert PASSWORD.encode() not in seen
    assert "已添加账户 li".encode() in seen


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(
    "words",
    [
        "serve",
        "accounts",
        "tokens",
        *(f"accounts {each}" for each in ("add", "list", "passwd", "deactivate", "activate")),
        *(f"tokens {each}" for each in ("issue", "list", "revoke")),
    ],
)
def test_help_has_words_for_everything(words, language):
    code, out, _ = careplug(*words.split(), "--help", "--lang", language)
    assert code == 0
    assert "cli." not in out
    assert bool(re.search("[一-鿿]", out)) == (language == "zh")


# -- careplug serve: what it refuses, and its surroundings --


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--host", "0.0.0.0"), 1, "他人可以访问 0.0.0.0"),
        (("--host", "desk.example.com"), 1, "desk.example.com"),
        (("--port", "65536"), 2, "--port"),
        (("--url", "desk.example.com"), 1, "https://desk.example.com"),
        (("--tenant", "x"), 1, "只有一个租户"),
    ],
)
def test_serve_refuses_what_is_dangerous_or_wrong(words, code, said):
    found = careplug("serve", *words, "--lang", "zh")
    assert (found[0], found[1]) == (code, "")
    assert said in found[2]


@pytest.mark.parametrize(("language", "said"), [("zh", "无法监听端口"), ("en", "cannot be listened on")])
def test_a_port_that_is_taken_is_named(language, said):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        code, _, err = careplug("serve", "--port", port, "--lang", language)
    assert code == 1
    assert said in err
    assert port in err


def test_the_demo_does_not_touch_what_is_there(folder):
    with Care("sqlite:///mine.db") as care:
        care.upgrade()
        with care.unit(actor=Actor.customer("li")) as unit:
            unit.feedback.submit("fault", "mine")
    code, _, err = careplug("serve", "--demo", "-d", "sqlite:///mine.db", "--port", "0", "--lang", "zh")
    assert code == 1
    assert "已有其他数据" in err


def test_the_key_is_made_once_for_its_owner_alone(folder):
    first = secret_key("sqlite:///house.db", {})
    assert secret_key("sqlite:///house.db", {}) == first
    assert (folder / "house.db.key").stat().st_mode & 0o777 == 0o600
    assert secret_key("sqlite:///house.db", {"CAREPLUG_SECRET_KEY": "x" * 16}) == "x" * 16
    with pytest.raises(Invalid) as caught:
        secret_key("sqlite:///house.db", {"CAREPLUG_SECRET_KEY": "x" * 15})
    assert caught.value.field == "CAREPLUG_SECRET_KEY"
    (folder / "house.db.key").write_text("")
    with pytest.raises(Invalid) as caught:
        secret_key("sqlite:///house.db", {})
    assert caught.value.field == "house.db.key"


@pytest.mark.parametrize(
    ("database", "name"),
    [
        ("sqlite:///house.db", "house.db"),
        ("sqlite:////var/lib/house.db?timeout=5", "/var/lib/house.db"),
        ("sqlite://", "careplug"),
        ("sqlite:///:memory:", "careplug"),
        ("postgresql+psycopg://app:secret@db/care", "careplug"),
    ],
)
def test_key_and_files_lie_beside_the_database(database, name):
    assert str(beside(database)) == name


def test_the_way_people_come():
    assert way_of("", "") == way_of("", "")
    assert (way_of("", "").https, way_of("", "").proxy) == (False, "")
    found = way_of("https://desk.example.com/service/", "")
    assert (found.https, found.prefix, found.proxy) == (True, "/service", "127.0.0.1")
    assert way_of("https://desk.example.com", "10.0.0.5").proxy == "10.0.0.5"
    for wrong in ("desk.example.com", "ftp://desk.example.com", "https://", "https://x/?q"):
        with pytest.raises(Invalid):
            way_of(wrong, "")


def test_the_report_of_the_demo_tells_of_it_where_it_can_be_served(monkeypatch):
    assert careplug("demo", "--lang", "zh")[1].endswith(
        "想以其中人物的身份登录查看：make serve，或 careplug serve --demo。\n"
    )
    monkeypatch.setenv("CAREPLUG_PLUGINS", "sqlalchemy")
    assert "careplug serve" not in careplug("demo", "--lang", "en")[1]
