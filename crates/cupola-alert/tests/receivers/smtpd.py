"""A mail server that says what it is told: `python3 smtpd.py CERTIFICATE KEY MODE`, MODE one of starttls, implicit, plain.

It writes its port as the first line, and each mail as one line of JSON. What is before the @ of an address decides what it answers:
`greylist` 451 (each second time it takes it), `reject` 550, `hang` nothing, `echo` 550 with the password in it.
"""

import asyncio
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

certificate, key, mode = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
seen = {}


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        local = address.split("@")[0]
        seen[address] = seen.get(address, 0) + 1
        if local == "greylist" and seen[address] % 2 == 1:
            return "451 4.7.1 come back later"
        if local == "reject":
            return "550 5.1.1 nobody of this name"
        if local == "echo":
            return "550 5.0.0 AGFsaWNlAGh1bnRlcjI= hunter2"
        if local == "hang":
            await asyncio.sleep(3600)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        mail = envelope.content.decode("utf-8", "replace")
        tls = session.ssl is not None or mode == "implicit"
        said = {"to": envelope.rcpt_tos, "mail": mail, "tls": tls, "login": session.authenticated, "hello": session.host_name}
        print(json.dumps(said), flush=True)
        return "250 taken"


def login(server, session, envelope, mechanism, data):
    known = isinstance(data, LoginPassword) and (data.login, data.password) == (b"alice", b"hunter2")
    return AuthResult(success=known, handled=False)


def make():
    options = {"authenticator": login, "ident": "test"}
    if mode == "starttls":
        options |= {"tls_context": context, "require_starttls": True, "auth_required": True}
    elif mode == "implicit":
        options |= {"auth_require_tls": False, "auth_required": True}
    return SMTP(Handler(), **options)


async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(make, "127.0.0.1", 0, ssl=context if mode == "implicit" else None)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
