// Everything here makes pages nicer and none of it is needed: each form and link works without scripts.
import "./frame.js";
import "./visit.js";
import "./focus.js";
import "./once.js";
import "./dialog.js";
import "./live.js";
import { atEachLoad } from "./load.js";
import { tabs } from "./tabs.js";
import { steppers } from "./stepper.js";
import { times } from "./times.js";
import { selection } from "./selection.js";
import { sums } from "./sum.js";
import { ticks } from "./ticks.js";
import { copying } from "./copy.js";
import { closing } from "./close.js";
import { leaving } from "./leave.js";
import { offers } from "./offers.js";
import { handingOn } from "./handing.js";
import { letters } from "./letters.js";

for (const enhance of [tabs, steppers, times, selection, sums, ticks, copying, closing, leaving, offers, handingOn, letters]) atEachLoad(enhance);
