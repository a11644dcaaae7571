//! Words that belong together: what lets a text about cars be near a text about automobiles.
//!
//! A hand-written table of everyday subjects. It is no model of meaning: what it does not list is compared by spelling.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::model::text::stem;

/// Words that mean nearly the same; one group a line.
const SYNONYMS: &[&str] = &[
    "car automobile vehicle auto",
    "doctor physician medic",
    "dog puppy hound canine",
    "cat kitten feline",
    "buy purchase acquire order",
    "sell vend",
    "price cost fee charge",
    "begin start commence launch",
    "end finish stop terminate",
    "big large huge great enormous",
    "small little tiny minor",
    "fast quick rapid speedy",
    "slow sluggish",
    "happy glad cheerful joyful pleased",
    "sad unhappy sorrowful upset",
    "error failure fault bug defect problem issue",
    "fix repair mend correct resolve",
    "delete remove erase drop",
    "make create build produce construct",
    "film movie picture",
    "house home dwelling residence",
    "job work employment occupation career",
    "employee worker staff",
    "company firm business enterprise corporation",
    "money cash currency funds",
    "child kid boy girl children",
    "man men male gentleman",
    "woman women female lady",
    "road street highway route",
    "plane airplane aircraft jet",
    "ship boat vessel",
    "phone telephone mobile smartphone",
    "computer laptop pc machine",
    "picture image photo photograph",
    "answer reply response respond",
    "question query ask inquiry",
    "help assist support aid",
    "password credential passphrase login",
    "reset restore recover",
    "hot warm heat",
    "cold cool chilly freezing",
    "eat dine consume",
    "sleep nap rest",
    "teacher instructor tutor professor",
    "student pupil learner",
    "ill sick unwell disease illness",
    "drug medicine medication",
    "holiday vacation trip",
    "shop store retailer market",
    "customer client buyer consumer",
    "refund reimbursement repayment",
    "quick brisk",
    "smart clever intelligent",
    "speak talk say chat",
];

/// Subjects: weaker than synonyms, wider.
const SUBJECTS: &[&str] = &[
    "dog cat horse cow pig sheep puppy kitten animal pet wolf lion tiger bear bird fish fox rabbit mouse elephant paw fur",
    "car truck bus bike bicycle train engine wheel brake drive driver garage tire motor fuel petrol traffic vehicle automobile road",
    "bread cheese meat fruit apple banana soup rice pasta pizza cook bake kitchen recipe food meal dinner lunch breakfast restaurant chef oven taste delicious eat",
    "rain snow wind storm cloud sun sunny weather forecast temperature humid climate degree cold warm hot thunder",
    "doctor nurse hospital patient medicine surgery disease health illness clinic symptom drug vaccine treatment pain fever medical",
    "bank loan money interest credit debt invest investment stock bond share market finance financial dividend fund economy inflation price payment invoice",
    "computer software program code developer bug compiler function algorithm server database network internet api laptop programming python rust javascript deploy",
    "data table column row sql query warehouse spark lakehouse delta parquet schema etl pipeline databricks catalog ingest dataset analytics",
    "model training neural learning inference embedding token prompt llm gpt transformer machine intelligence chatbot vector",
    "school teacher student university exam homework lesson class course degree education learn study college professor",
    "football soccer tennis basketball match team player goal score coach league sport game stadium win champion cup athlete run",
    "music song guitar piano band concert album singer melody drum orchestra violin sing jazz rock opera",
    "film movie actor director cinema scene theatre hollywood screen comedy drama camera series",
    "book novel author writer library chapter story poem poet read publish literature page",
    "law court judge lawyer attorney crime police trial legal contract sue prison justice guilty jury",
    "king queen president minister government election vote parliament politics policy senate party democracy state",
    "war army soldier battle weapon military navy peace treaty enemy general attack defence",
    "plane flight airport pilot travel hotel passport tourist trip journey luggage vacation ticket beach holiday visit destination",
    "sea ocean river lake water wave beach boat ship fish swim island coast sail",
    "mountain forest tree hill valley nature plant leaf flower garden grass soil seed grow farm",
    "planet star moon sun space galaxy rocket orbit astronaut telescope universe earth mars nasa satellite",
    "physics chemistry biology atom molecule energy electron cell gene science scientist experiment laboratory theory quantum",
    "house room kitchen bedroom door window roof wall floor furniture rent apartment building landlord mortgage architect",
    "phone call message email mail letter contact send inbox text notify notification",
    "shop order delivery ship refund return customer cart discount price product purchase warranty receipt invoice buy store",
    "password account login user security encrypt secret token permission access authentication sign hacker privacy",
    "paris london berlin rome madrid oslo tokyo city capital france england germany italy spain norway japan country europe town",
    "mother father parent child son daughter family brother sister baby wedding marry husband wife birthday",
    "happy sad angry love hate fear joy cry smile feeling emotion laugh mood",
    "day week month year hour minute calendar date schedule meeting appointment time clock morning evening deadline",
    "job salary employee manager hire office career work interview boss company resign vacation payroll",
    "red blue green yellow black white colour color paint orange purple pink art painting draw artist museum",
    "shirt shoe dress trouser jacket coat wear fashion clothes hat cotton size",
];

/// Which groups a stem belongs to: those of synonyms, and those of subjects.
#[derive(Debug, Default, Clone)]
pub(super) struct Groups {
    /// Lines of `SYNONYMS`.
    pub(super) synonyms: Vec<u16>,
    /// Lines of `SUBJECTS`.
    pub(super) subjects: Vec<u16>,
}

static TABLE: LazyLock<HashMap<String, Groups>> = LazyLock::new(|| {
    let mut table: HashMap<String, Groups> = HashMap::new();
    let lines = |lines: &'static [&'static str]| {
        lines.iter().zip(0_u16..).flat_map(|(line, number)| line.split(' ').map(move |word| (stem(word), number)))
    };
    for (word, number) in lines(SYNONYMS) {
        table.entry(word).or_default().synonyms.push(number);
    }
    for (word, number) in lines(SUBJECTS) {
        table.entry(word).or_default().subjects.push(number);
    }
    table
});

/// The groups of a stem, if it is in the table.
pub(super) fn groups(stem: &str) -> Option<&'static Groups> {
    TABLE.get(stem)
}
