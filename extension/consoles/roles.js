/**
 * The parts of a chat console that a definition names by selectors.
 *
 * `within` says where a selector is looked up: in the page, in each conversation of the list ("item"), or in each message.
 * `needed` parts must be named. `at_least` and `at_most` are what a definition expects where it says nothing itself,
 * counted over the whole page while a conversation is open. `reads` is true where a value is taken from the element.
 */
export const ROLES = Object.freeze({
  conversation_list: { within: "page", needed: false, at_least: 1, at_most: 1 },
  conversation_item: { within: "page", needed: false, at_least: 0, at_most: null },
  conversation_open: { within: "page", needed: false, at_least: 1, at_most: 1 },
  item_buyer_id: { within: "item", needed: false, at_least: 0, at_most: null, reads: true },
  item_buyer_name: { within: "item", needed: false, at_least: 0, at_most: null, reads: true },
  item_unread: { within: "item", needed: false, at_least: 0, at_most: null, reads: true },
  item_text: { within: "item", needed: false, at_least: 0, at_most: null, reads: true },
  buyer_id: { within: "page", needed: false, at_least: 1, at_most: 1, reads: true },
  buyer_name: { within: "page", needed: false, at_least: 1, at_most: 1, reads: true },
  session_id: { within: "page", needed: false, at_least: 1, at_most: 1, reads: true },
  message_list: { within: "page", needed: true, at_least: 1, at_most: 1 },
  message: { within: "page", needed: true, at_least: 1, at_most: null },
  message_text: { within: "message", needed: true, at_least: 1, at_most: null, reads: true },
  message_id: { within: "message", needed: false, at_least: 1, at_most: null, reads: true },
  message_time: { within: "message", needed: false, at_least: 0, at_most: null, reads: true },
  composer: { within: "page", needed: true, at_least: 1, at_most: 1 },
  send_button: { within: "page", needed: false, at_least: 1, at_most: 1 },
});

/** Who may have spoken. */
export const SENDERS = Object.freeze(["buyer", "agent", "robot", "system"]);

/** Where a bubble may stand in the list of messages. */
export const POSITIONS = Object.freeze(["left", "right", "middle"]);

/** The keys by which a console sends what was typed; "none" where only its button does. */
export const SEND_KEYS = Object.freeze(["Enter", "Ctrl+Enter", "none"]);

/** Kinds of messages that are told by a selector; everything else is text. */
export const KINDS = Object.freeze(["image", "card", "emoji", "file", "voice"]);

/** How sure we are: tried on the real page, tried on a page made after its markup, not tried, or the shop's own. */
export const STATUSES = Object.freeze(["verified", "markup", "unverified", "own"]);

/** Names a part of the console for people; both languages, since problems are told outside any page, too. */
export const ROLE_WORDS = Object.freeze({
  conversation_list: { zh: "会话列表", en: "list of conversations" },
  conversation_item: { zh: "列表里的一个会话", en: "one conversation in the list" },
  conversation_open: { zh: "列表里正打开的会话", en: "the open conversation in the list" },
  item_buyer_id: { zh: "会话条目里的买家编号", en: "buyer id in the list" },
  item_buyer_name: { zh: "会话条目里的买家昵称", en: "buyer name in the list" },
  item_unread: { zh: "会话条目里的未读数", en: "unread count in the list" },
  item_text: { zh: "会话条目里的最后一句", en: "last message in the list" },
  buyer_id: { zh: "当前买家的编号", en: "id of the open buyer" },
  buyer_name: { zh: "当前买家的昵称", en: "name of the open buyer" },
  session_id: { zh: "当前会话的编号", en: "id of the open session" },
  message_list: { zh: "消息区", en: "list of messages" },
  message: { zh: "一条消息", en: "one message" },
  message_text: { zh: "消息的文字", en: "text of a message" },
  message_id: { zh: "消息的编号", en: "id of a message" },
  message_time: { zh: "消息的时间", en: "time of a message" },
  composer: { zh: "输入框", en: "box for typing" },
  send_button: { zh: "发送按钮", en: "send button" },
});
