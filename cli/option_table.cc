#include "cli/option_table.h"

#include <array>

namespace godwit {
namespace {

constexpr std::array kCommands{
    CommandSpec{kSyncBit, "sync", "SRC DST [DST...]", 2, 0,
                "Make the contents of DST equal to the contents of SRC."},
    CommandSpec{kCpBit, "cp", "SRC DST", 2, 2,
                "Copy one object, or a folder with --recursive; '-' is stdin or stdout."},
    CommandSpec{kRmBit, "rm", "URL", 1, 1, "Remove one object, or a folder with --recursive."},
    CommandSpec{kLsBit, "ls", "URL", 1, 1, "List objects and folders."},
    CommandSpec{kDuBit, "du", "URL", 1, 1, "Count objects and bytes."},
    CommandSpec{kStatBit, "stat", "URL", 1, 1, "Show everything that is known of one object."},
    CommandSpec{kCatBit, "cat", "URL", 1, 1, "Write one object to stdout."},
    CommandSpec{kMbBit, "mb", "URL", 1, 1, "Make a bucket, container or folder."},
    CommandSpec{kJobsBit, "jobs", "list|resume|clean [ID]", 1, 2,
                "List interrupted runs, go on with them, or clean up after them."},
    CommandSpec{kVersionBit, "version", "", 0, 0, "Print the version."},
};

using enum OptionKind;
constexpr std::string_view kWhat = "What is done";
constexpr std::string_view kWhich = "Which objects";
constexpr std::string_view kHow = "How it is stored";
constexpr std::string_view kCost = "Speed and memory";
constexpr std::string_view kRun = "Interruption and state";
constexpr std::string_view kOutput = "Output";
constexpr std::string_view kLater = "Not in this version";

constexpr std::array kOptions{
    OptionSpec{"dry-run", 'n', kFlag, "", "", kEngineBits, kWhat,
               "Show what would be done, and do nothing.",
               "Makes the same listings and HEAD requests as the real run, then prints the plan. "
               "Takes no lock, writes no state, makes no folder. Exits as the plan implies."},
    OptionSpec{"delete", 0, kFlag, "", "", kSyncBit, kWhat,
               "Remove target objects that the source does not have.",
               "Starts only after both listings are complete and every copy has succeeded; every "
               "key is proven absent at the source a second time. Excluded keys are protected."},
    OptionSpec{"delete-excluded", 0, kFlag, "", "", kSyncBit, kWhat,
               "With --delete, also remove target objects that the filters exclude.", ""},
    OptionSpec{"max-delete", 0, kValue, "N|N%|all", "", kSyncBit | kRmBit, kWhat,
               "Delete nothing if more than this would go.",
               "The default is 25% of the target's objects, at least 20, for sync, and all for rm. "
               "A percentage is of all listed target keys, before filters, rounded down."},
    OptionSpec{"allow-empty-source", 0, kFlag, "", "", kSyncBit, kWhat,
               "With --delete, accept a source that lists empty.",
               "A missing source is refused all the same."},
    OptionSpec{
        "compare", 0, kValue, "MODE", "auto", kSyncBit, kWhat,
        "Decide equality by auto, digest, mtime, size-mtime, size or always.",
        "auto takes the strongest evidence at hand and says which it was; digest accepts "
        "only digests and reads bytes where none is stored; size-mtime and size are weaker."},
    OptionSpec{"check-tags", 0, kFlag, "", "", kSyncBit, kWhat, "Compare tags as well.", ""},
    OptionSpec{"conflict", 0, kValue, "MODE", "overwrite", kTransferBits, kWhat,
               "Treat an existing, different target object: overwrite, skip or fail.",
               "skip and fail leave it alone; with fail the run exits 1."},
    OptionSpec{"symlinks", 0, kValue, "MODE", "skip", kTransferBits, kWhat,
               "Treat local symbolic links: follow, skip or fail.", ""},
    OptionSpec{"recursive", 'r', kFlag, "", "", kCpBit | kRmBit | kLsBit, kWhat,
               "Work on a whole folder.", ""},
    OptionSpec{"yes", 'y', kFlag, "", "", kRmBit, kWhat, "Do not ask before removing a folder.",
               "Needed where stdin is not a terminal."},

    OptionSpec{"include", 0, kList, "GLOB", "", kTransferBits, kWhich, "Include matching keys.",
               "* and ? stop at '/', ** crosses it, **/ also matches no folder, [a-z], \\ escapes. "
               "A pattern without '/' matches the last component, others the whole relative key; a "
               "leading '/' anchors, a trailing '/' means '/**'. The last match wins; unmatched "
               "keys are included, unless only includes were given."},
    OptionSpec{"exclude", 0, kList, "GLOB", "", kTransferBits, kWhich, "Exclude matching keys.",
               "Excluded keys are neither copied nor deleted."},
    OptionSpec{"filter-from", 0, kList, "FILE", "", kTransferBits, kWhich,
               "Read lines '+ GLOB', '- GLOB' and '# comment' from FILE.", ""},
    OptionSpec{"files-from", 0, kValue, "FILE", "", kTransferBits, kWhich,
               "Restrict to the relative keys in FILE, one a line.",
               "A key that is missing at the source is an error."},
    OptionSpec{"min-size", 0, kValue, "SIZE", "", kTransferBits, kWhich,
               "Leave out smaller source objects.", ""},
    OptionSpec{"max-size", 0, kValue, "SIZE", "", kTransferBits, kWhich,
               "Leave out larger source objects.", ""},
    OptionSpec{"newer-than", 0, kValue, "AGE|TIME", "", kTransferBits, kWhich,
               "Leave out source objects that are older.", "An age (7d) or an RFC 3339 time."},
    OptionSpec{"older-than", 0, kValue, "AGE|TIME", "", kTransferBits, kWhich,
               "Leave out source objects that are newer.", "An age (7d) or an RFC 3339 time."},

    OptionSpec{"metadata", 0, kValue, "MODE", "keep", kTransferBits, kHow,
               "Carry content headers and user metadata over (keep), or not (none).", ""},
    OptionSpec{"tags", 0, kValue, "MODE", "keep", kTransferBits, kHow,
               "Carry tags over (keep), or not (none).", ""},
    OptionSpec{"storage-class", 0, kValue, "CLASS", "", kTransferBits, kHow,
               "Store what is written in this storage class.", ""},
    OptionSpec{"content-type", 0, kValue, "TYPE", "", kTransferBits, kHow,
               "Store what is written with this content type.", ""},
    OptionSpec{"set-metadata", 0, kList, "K=V", "", kTransferBits, kHow,
               "Add user metadata to what is written.", ""},
    OptionSpec{"fsync", 0, kFlag, "", "on", kTransferBits, kHow,
               "Make local files durable before they count as done.", ""},
    OptionSpec{"region", 0, kValue, "REGION", "", kMbBit, kHow, "Make the bucket there.", ""},

    OptionSpec{"jobs", 'j', kValue, "N|auto", "auto", kEngineBits, kCost,
               "Run this many transfers at once.", "auto starts small and grows while it helps."},
    OptionSpec{"memory", 0, kValue, "SIZE", "256MiB", kEngineBits, kCost,
               "Use at most this much memory for transfer buffers.", ""},
    OptionSpec{"part-size", 0, kValue, "SIZE|auto", "auto", kTransferBits, kCost,
               "Use this part size for multipart uploads.",
               "auto is 16 MiB, more for objects that would need too many parts."},
    OptionSpec{"bwlimit", 0, kValue, "RATE", "", kEngineBits, kCost,
               "Move at most this many bytes a second.", ""},
    OptionSpec{"request-limit", 0, kValue, "N/s", "", kEngineBits, kCost,
               "Send at most this many requests a second.", ""},
    OptionSpec{"retries", 0, kValue, "N", "10", kStoreBits, kCost,
               "Repeat a failed request this often.", ""},
    OptionSpec{"timeout", 0, kValue, "DURATION", "60s", kStoreBits, kCost,
               "Give a connection up when it moves no byte for this long.", ""},
    OptionSpec{"max-runtime", 0, kValue, "DURATION", "", kEngineBits, kRun,
               "Stop cleanly after this time; the next run goes on.", ""},
    OptionSpec{"resume", 0, kFlag, "", "on", kTransferBits, kRun,
               "Go on with what an interrupted run left.", ""},
    OptionSpec{"older", 0, kValue, "AGE", "", kJobsBit, kRun,
               "Clean up only after runs that began longer ago.", ""},
    OptionSpec{"state-dir", 0, kValue, "DIR", "", kEngineBits | kJobsBit, kRun,
               "Keep state and locks there.",
               "The default is $XDG_STATE_HOME/godwit, else ~/.local/state/godwit."},
    OptionSpec{"config", 0, kValue, "FILE", "", kStoreBits, kRun,
               "Read remotes and defaults from FILE.",
               "The default is $XDG_CONFIG_HOME/godwit/config.toml, else /etc/godwit/config.toml."},

    OptionSpec{"json", 0, kFlag, "", "", kAllBits, kOutput,
               "Print one JSON object a line on stdout.", ""},
    OptionSpec{"long", 'l', kFlag, "", "", kLsBit, kOutput, "Show size, time and ETag.", ""},
    OptionSpec{"versions", 0, kFlag, "", "", kLsBit, kOutput,
               "Show old versions and delete markers as well.", ""},
    OptionSpec{"range", 0, kValue, "A-B", "", kCatBit, kOutput,
               "Write only the bytes from A to B, both included.", ""},
    OptionSpec{"report", 0, kValue, "FILE", "", kEngineBits, kOutput,
               "Write the summary with the first 100 errors to FILE, also on failure.", ""},
    OptionSpec{"log-format", 0, kValue, "FORMAT", "text", kStoreBits, kOutput,
               "Log as text or json.", ""},
    OptionSpec{"verbose", 'v', kList, "", "", kStoreBits, kOutput,
               "Say more; twice: every request.", ""},
    OptionSpec{"quiet", 'q', kFlag, "", "", kStoreBits, kOutput, "Print errors only.", ""},
    OptionSpec{"progress", 0, kValue, "MODE", "auto", kEngineBits | kJobsBit, kOutput,
               "Show progress: auto, bar, plain or none.", ""},
    OptionSpec{"color", 0, kValue, "MODE", "auto", kStoreBits, kOutput,
               "Colour messages: auto, always or never.", ""},

    OptionSpec{"backup-to", 0, kValue, "URL", "", kTransferBits, kLater,
               "Keep what is overwritten or deleted there.", "", true},
    OptionSpec{"policy", 0, kValue, "FILE", "", kEngineBits, kLater, "Obey residency rules.", "",
               true},
    OptionSpec{"runner-location", 0, kValue, "P/L", "", kEngineBits, kLater,
               "Say where this machine stands.", "", true},
    OptionSpec{"on-deny", 0, kValue, "MODE", "", kEngineBits, kLater,
               "Abort or skip what a rule forbids.", "", true},
    OptionSpec{"audit", 0, kValue, "FILE", "", kEngineBits, kLater, "Write a hash-chained log.", "",
               true},
    OptionSpec{"metrics-file", 0, kValue, "FILE", "", kEngineBits, kLater,
               "Write metrics as Prometheus text.", "", true},
    OptionSpec{"manifest", 0, kValue, "FILE|URL", "", kTransferBits, kLater,
               "Write a manifest of the target after the run.", "", true},
};

}  // namespace

std::span<const CommandSpec> AllCommands() { return kCommands; }
std::span<const OptionSpec> AllOptions() { return kOptions; }

const CommandSpec* FindCommand(std::string_view name) {
  for (const CommandSpec& command : kCommands) {
    if (command.name == name) return &command;
  }
  return nullptr;
}

const OptionSpec* FindOption(std::string_view name) {
  for (const OptionSpec& option : kOptions) {
    if (option.name == name) return &option;
  }
  return nullptr;
}

bool ChangesWhatIsStored(const OptionSpec& option) {
  return option.category == kWhat || option.category == kWhich || option.category == kHow;
}

}  // namespace godwit
