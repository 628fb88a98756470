// Writes TwiML with the official package: one document for each value of each
// attribute that its types declare, for every verb and noun in every place
// where its builders allow it, and one with all attributes at once.
//
//	node generate.js FOLDER
//
// writes FOLDER/N.xml and prints a JSON list of {file, path, attribute, value}.
"use strict";

const fs = require("fs");
const path = require("path");
const { twiml } = require("twilio");

const types = fs.readFileSync(require.resolve("twilio/lib/twiml/VoiceResponse.d.ts"), "utf8");

// words of text that an element must have, by the name of its parameter.
const texts = {
  url: "https://app.test/menu?step=2&lang=en", number: "+15550100", phoneNumber: "+15550100",
  sipUrl: "sip:bob@app.test", message: "Hello, Zoë & <friends>", words: "hello", name: "support",
  body: '{"skill":"sales"}', sid: "AP123", applicationSid: "AP123", identity: "alice",
  clientIdentity: "alice", simSid: "DE123",
};

// values of attributes whose type says no more than string or number, by
// "Element.attribute" or by attribute.
const values = {
  "Pause.length": [1, 10, 3600], loop: [0, 1, 1000], digits: ["12w#*W3"], sendDigits: ["ww12#"],
  "Gather.timeout": [1, 5, 60], "Gather.maxSpeechTime": [1, 60], "Gather.speechTimeout": ["auto", "3"],
  "Gather.numDigits": [1, 4], "Gather.finishOnKey": ["#", "*", "5", ""], "Gather.hints": ["one, two, $OOV_CLASS_DIGIT"],
  "Gather.speechModel": ["default", "numbers_and_commands", "phone_call", "experimental_conversations",
    "experimental_utterances", "googlev2_long", "googlev2_short", "googlev2_telephony", "googlev2_telephony_short",
    "deepgram_nova-2", "deepgram_nova-2-phonecall", "deepgram_nova-3"],
  "Record.finishOnKey": ["1234567890*#", "#", "12", ""], "Record.maxLength": [2, 30, 14400], "Record.timeout": [0, 5],
  time: ["500ms", "3s"], ph: ["pɪˈkɑːn"], pitch: ["high", "x-low", "+10%", "-5%"], rate: ["slow", "x-fast", "90%"],
  volume: ["loud", "silent", "+6dB", "-3dB"], alias: ["World Wide Web"], role: ["amazon:VB"],
  machineDetection: ["Enable", "DetectMessageEnd"], machineDetectionSilenceTimeout: [2000, 5000],
  machineDetectionSpeechEndThreshold: [500, 1200], machineDetectionSpeechThreshold: [1000, 2400],
  "Stream.url": ["wss://app.test/media"], "ConversationRelay.url": ["wss://app.test/relay"],
  statusCallbackUrl: ["https://app.test/status"], transcriptionEngine: ["google", "deepgram"],
  transcriptionProvider: ["Google", "Deepgram"], ttsProvider: ["ElevenLabs", "Google", "Amazon"],
  "ConversationRelay.debug": ["debugging", "speaker-events tokens-played"], elevenlabsTextNormalization: ["on", "auto", "off"],
  interruptSensitivity: ["low", "medium", "high"], interruptible: ["none", "dtmf", "speech", "any", "true", "false"],
  welcomeGreetingInterruptible: ["none", "dtmf", "speech", "any"], chargeAmount: ["10.50"], maxAttempts: [1, 3],
};

// dropped are attributes that are left out in a place: the keys of a <Play>
// cannot be pressed within a <Gather>.
const dropped = new Set(["Gather>Play.digits", "Prompt>Play.digits"]);

// The values of other attributes without which one makes no sense.
const needs = {
  "Record.transcribeCallback": { transcribe: true },
  "Gather.speechModel": { input: ["speech"], speechTimeout: "3" },
  "Gather.enhanced": { input: ["speech"], speechModel: "phone_call" },
  "SsmlSayAs.format": { "interpret-as": "date" },
  "SsmlPhoneme.alphabet": { ph: "pɪˈkɑːn" },
  "Gather.partialResultCallbackMethod": { input: ["speech"], partialResultCallback: "https://app.test/p" },
};
for (const name of ["speechTimeout", "maxSpeechTime", "hints", "language", "profanityFilter", "partialResultCallback", "bargeIn"]) {
  needs["Gather." + name] = { input: ["dtmf", "speech"] };
}

// aliases are the unions of strings that the types name.
const aliases = {};
for (const [, name, union] of types.matchAll(/^    type (\w+) = (.*);$/gm)) {
  aliases[name] = [...union.matchAll(/"([^"]*)"/g)].map((m) => m[1]);
}

// interfaces are attributes and their types, by the name of the interface.
const interfaces = {};
for (const [, name, body] of types.matchAll(/^    export interface (\w+) \{\n([^]*?)^    \}/gm)) {
  interfaces[name] = {};
  for (const [, quoted, attribute, type] of body.matchAll(/^        (?:"([^"]+)"|(\w+))\??: ([^;]+);$/gm)) {
    interfaces[name][quoted || attribute] = type;
  }
}

// classes are the methods that make children: [name, attributes, text, class].
const classes = {};
for (const [, name, body] of types.matchAll(/^(?:    export|declare) class (\w+) extends \w+ \{\n([^]*?)^(?:    )?\}/gm)) {
  const methods = new Map();
  for (const [, method, parameters, child] of body.matchAll(/^ +(\w+)\((.*)\): VoiceResponse\.(\w+);$/gm)) {
    const known = methods.get(method) || { method, child, attributes: "", text: "" };
    for (const parameter of parameters.split(", ").filter(Boolean)) {
      const [, key, type] = parameter.match(/^(\w+)\??: (?:VoiceResponse\.)?(\w+)$/);
      if (key === "attributes") known.attributes = type;
      else known.text = key;
    }
    methods.set(method, known);
  }
  classes[name] = [...methods.values()];
}

const list = (type) => type.endsWith("[]");

// valuesOf is all that an attribute of an element may be.
function valuesOf(element, attribute, type) {
  const base = type.replace("[]", "");
  let all = values[element + "." + attribute] || values[attribute];
  if (aliases[base]) all = aliases[base];
  else if (base === "boolean") all = [true, false];
  else if (!all && base === "number") all = list(type) ? [1, 2] : [10];
  else if (!all && /method$/i.test(attribute)) all = ["GET", "POST"];
  else if (!all && /(url|action|callback)$/i.test(attribute)) all = ["https://app.test/next?a=1&b=2", "/next", "next?x=y"];
  else if (!all && /voice|language/i.test(attribute)) all = ["en-US"];
  else if (!all) all = ["something"];
  if (!list(type)) return all;
  return [...all.map((v) => [v]), all];
}

// fillings put into an element the child that it cannot be without.
const fillings = {
  Refer: (refer) => refer.sip("sip:bob@app.test"),
  Start: (start) => start.recording({}),
  Stop: (stop) => stop.addChild("Recording", {}),
};

const folder = process.argv[2];
const made = [];

// write makes a document: the elements of a way from the root, the last of
// them with attributes.
function write(way, attributes, about) {
  const response = new twiml.VoiceResponse();
  let at = response;
  way.forEach((step, i) => {
    const args = i === way.length - 1 ? attributes : {};
    const text = args.digits && step.child === "Play" ? undefined : texts[step.text];
    at = text ? at[step.method](args, text) : at[step.method](args);
  });
  const filling = fillings[way[way.length - 1].child];
  if (filling) filling(at);
  const file = made.length + ".xml";
  fs.writeFileSync(path.join(folder, file), response.toString());
  made.push({ file, path: way.map((s) => s.child.replace(/^Ssml/, "")), ...about });
}

// element writes all documents that end with the last element of a way.
function element(way) {
  const { child, attributes } = way[way.length - 1];
  const place = way.slice(-2).map((s) => s.child).join(">");
  const declared = interfaces[attributes] || {};
  write(way, {}, {});
  const all = {};
  for (const [attribute, type] of Object.entries(declared)) {
    if (dropped.has(place + "." + attribute)) continue;
    const possible = valuesOf(child, attribute, type);
    for (const value of possible) {
      write(way, { ...needs[child + "." + attribute], [attribute]: value }, { attribute, value: String(value) });
    }
    all[attribute] = possible[0];
  }
  if (Object.keys(all).length > 1 && child !== "Play") write(way, { ...all, ...together[child] }, { attribute: "all" });
}

// together is what attributes have to be when all of them are given.
const together = {
  Gather: { input: ["dtmf", "speech"], speechModel: "phone_call", speechTimeout: "3", enhanced: true, timeout: 5 },
  Record: { transcribe: true, maxLength: 60 },
  SsmlSayAs: { "interpret-as": "date" },
};

// walk goes everywhere, on every way that has no element twice: SSML within
// SSML within a <Say> of its own, which is each pair of them.
function walk(name, way) {
  for (const step of classes[name] || []) {
    const speech = step.child.startsWith("Ssml");
    if (speech ? way[0].child !== "Say" || way.length > 2 : way.some((s) => s.child === step.child)) continue;
    const next = [...way, step];
    element(next);
    walk(step.child, next);
  }
}

walk("VoiceResponse", []);
process.stdout.write(JSON.stringify(made));
