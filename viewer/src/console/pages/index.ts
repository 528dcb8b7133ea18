/** Which page a place is. */
import type { Place } from "../router";
import type { Page, Shell } from "../shell";
import { AddPage } from "./add";
import { ApprovalsPage } from "./approvals";
import { AuditPage } from "./audit";
import { DevicePage } from "./device";
import { HostPage } from "./host";
import { HostsPage } from "./hosts";
import { InvitePage } from "./invite";
import { PeoplePage } from "./people";
import { PersonPage } from "./person";
import { RightsPage } from "./rights";
import { RulePage } from "./rule";
import { SettingsPage } from "./settings";

type Make = (shell: Shell, place: Place) => Page;

const PAGES: Partial<Record<string, Make>> = {
  hosts: (shell, place) => (place.id === "" ? new HostsPage(shell, place) : new HostPage(shell, place.id)),
  add: (shell, place) => new AddPage(shell, place),
  invite: () => new InvitePage(),
  people: (shell, place) => (place.id === "" ? new PeoplePage(shell) : new PersonPage(shell, place.id)),
  rights: (shell, place) => (place.id === "" ? new RightsPage(shell) : new RulePage(shell, place)),
  approvals: (shell) => new ApprovalsPage(shell),
  audit: (shell, place) => new AuditPage(shell, place),
  settings: (shell) => new SettingsPage(shell),
  device: (shell, place) => new DevicePage(shell, place),
};

export function pageFor(shell: Shell, place: Place): Page {
  const make = PAGES[place.page] ?? PAGES["hosts"];
  if (make === undefined) throw new Error("the console has no first page");
  return make(shell, place);
}
