/** The service worker: the only part that talks to the shop's service. It may be ended at any moment. */

import { keepFromPages, onSettings } from "../shared/settings.js";
import { registerSites } from "./sites.js";

chrome.runtime.onInstalled.addListener(() => registerSites());
chrome.runtime.onStartup.addListener(() => registerSites());
chrome.permissions.onAdded.addListener(() => registerSites());
chrome.permissions.onRemoved.addListener(() => registerSites());
onSettings(() => registerSites());

keepFromPages();
chrome.sidePanel.setPanelBehavior({ openPanelOnActionClick: true });
