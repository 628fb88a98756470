// A web application as people write it with the official package: it checks
// the signature of every request before it answers.
//
//	node validate.js AUTH_TOKEN PAGES.json
//
// PAGES.json has an answer (TwiML) for each path, with or without a query;
// HOST in it is this server's own. Other paths are 404. The first line that is printed is the port on 127.0.0.1, then each request is a
// JSON object on a line of its own.
"use strict";

const fs = require("fs");
const http = require("http");
const { validateRequest, validateRequestWithBody } = require("twilio");

const [token, pages] = process.argv.slice(2);
const answers = JSON.parse(fs.readFileSync(pages, "utf8"));

// formOf is a form as frameworks give it: a name that is there twice has a
// list.
function formOf(body) {
  const form = {};
  for (const [name, value] of new URLSearchParams(body)) {
    if (name in form) form[name] = [].concat(form[name], value);
    else form[name] = value;
  }
  return form;
}

// check says whether a request was signed with a key.
function check(key, request, url, body) {
  const signature = request.headers["x-twilio-signature"] || "";
  if ((request.headers["content-type"] || "").startsWith("application/json")) {
    return validateRequestWithBody(key, signature, url, body);
  }
  return validateRequest(key, signature, url, request.method === "POST" ? formOf(body) : {});
}

const server = http.createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const body = Buffer.concat(chunks).toString("utf8");
    const url = "http://" + request.headers.host + request.url;
    const path = request.url.split("?")[0];
    process.stdout.write(JSON.stringify({
      method: request.method, path, query: request.url.slice(path.length), body,
      kind: request.headers["content-type"] || "", authorization: request.headers.authorization || "",
      valid: check(token, request, url, body), forged: check(token + "x", request, url, body),
    }) + "\n");
    const answer = answers[request.url] ?? answers[path];
    response.writeHead(answer === undefined ? 404 : 200, { "Content-Type": "text/xml" });
    response.end((answer || "").replaceAll("HOST", request.headers.host));
  });
});

server.listen(0, "127.0.0.1", () => process.stdout.write(server.address().port + "\n"));
