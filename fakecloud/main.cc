// godwit-fakecloud: the embedded servers as a program, to rehearse jobs without an account.

#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <sstream>
#include <thread>

#include "fakecloud/fake_cloud.h"

namespace {

struct ProgramOptions {
  godwit::FakeCloudOptions cloud;
  std::string access_key = "fakecloudaccess";
  std::string secret_key = "fakecloudsecret";
  std::string session_token;
  std::vector<std::string> credentials;
  std::vector<std::string> foreign, open_to_all, synthetic, azure_tokens;
  std::string faults_file;
  std::string gcs_key_file;
  std::string env_file;
};

void Define(CLI::App& app, ProgramOptions& options) {
  godwit::FakeCloudOptions& cloud = options.cloud;
  app.add_option("--s3-port", cloud.s3_port, "Port of the S3 listener; 0: any free one");
  app.add_option("--gcs-port", cloud.gcs.port, "Port of the Cloud Storage listener; 0: any");
  app.add_option("--gcs-token", cloud.gcs.token, "Bearer token that Cloud Storage accepts");
  app.add_option("--gcs-public-key", options.gcs_key_file,
                 "PEM public key of the service account that /token knows");
  app.add_flag("--gcs-require-token", cloud.gcs.require_token,
               "Cloud Storage refuses requests without a token");
  app.add_option("--gcs-rewrite-bytes", cloud.gcs.rewrite_bytes,
                 "Bytes after which a rewrite asks to be called again");
  app.add_option("--azure-port", cloud.azure.port, "Port of the Azure listener; 0: any free one");
  app.add_option("--azure-account", cloud.azure.account, "Name of the Azure account");
  app.add_option("--azure-key", cloud.azure.key_base64, "Its key, in base64");
  app.add_option("--azure-container", cloud.azure.containers, "Create this container at the start");
  app.add_option("--azure-token", options.azure_tokens, "A bearer token that is accepted");
  app.add_flag("--azure-hierarchical", cloud.azure.hierarchical, "Folders are real there");
  app.add_option("--control-port", cloud.control_port, "Port of the control address; 0: any");
  app.add_option("--address", cloud.address, "IPv4 address to bind, 127.0.0.1 by default");
  app.add_option("--tls-cert", cloud.certificate_file, "PEM certificate chain: serve https");
  app.add_option("--tls-key", cloud.key_file, "PEM key of that certificate");
  app.add_option("--faults", options.faults_file, "File with a fault script");
  app.add_option("--region", cloud.region, "Region of the account");
  app.add_option("--access-key", options.access_key, "Access key that is accepted");
  app.add_option("--secret-key", options.secret_key, "Its secret");
  app.add_option("--session-token", options.session_token, "Its session token, if it has one");
  app.add_option("--credential", options.credentials, "Another credential, KEY:SECRET[:TOKEN]");
  app.add_option("--bucket", cloud.buckets, "Create this bucket at the start: NAME[@REGION]");
  app.add_option("--foreign-bucket", options.foreign, "A bucket name that another account owns");
  app.add_option("--public-bucket", options.open_to_all, "Anyone may read and list this bucket");
  app.add_option("--synthetic", options.synthetic, "Generated bucket: NAME=COUNT[,SIZE]");
  app.add_option("--page-size", cloud.page_size, "Largest page of a listing")
      ->check(CLI::Range(1, 1000));
  app.add_option("--part-min", cloud.part_bytes_min, "Bytes that a part must have, but the last");
  app.add_option("--clock-offset", cloud.clock_offset_seconds, "Seconds by which its clock is off");
  app.add_flag("--repeatable-complete", cloud.complete_is_repeatable,
               "A repeated CompleteMultipartUpload succeeds");
  app.add_flag("--kms", cloud.kms, "ETags are no MD5s, as with KMS encryption");
  app.add_flag("--discard", cloud.discard, "Keep sizes and digests only");
  app.add_option("--storage-dir", cloud.spill_dir, "Put bodies of 1 MiB and more here");
  app.add_option("--env-file", options.env_file, "Write the shell lines here as well");
}

bool Fail(const std::string& message) {
  std::cerr << "godwit-fakecloud: " << message << "\n";
  return false;
}

bool ReadSynthetic(const std::string& text, godwit::FakeSyntheticBucket& bucket) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos) return Fail("--synthetic needs NAME=COUNT[,SIZE]");
  bucket.name = text.substr(0, equals);
  std::istringstream numbers(text.substr(equals + 1));
  char comma = ',';
  if (!(numbers >> bucket.object_count)) return Fail("--synthetic needs NAME=COUNT[,SIZE]");
  if (numbers >> comma && (comma != ',' || !(numbers >> bucket.object_size))) {
    return Fail("--synthetic needs NAME=COUNT[,SIZE]");
  }
  return true;
}

bool ReadCredential(const std::string& text, godwit::FakeCredential& credential) {
  const std::size_t first = text.find(':');
  if (first == std::string::npos) return Fail("--credential needs KEY:SECRET[:TOKEN]");
  const std::size_t second = text.find(':', first + 1);
  credential.access_key = text.substr(0, first);
  credential.secret_key = text.substr(first + 1, second - first - 1);
  if (second != std::string::npos) credential.session_token = text.substr(second + 1);
  return true;
}

// The file's text; nothing for no file.
bool ReadInto(const std::string& path, std::string& text) {
  if (path.empty()) return true;
  std::ifstream file(path);
  std::ostringstream read;
  read << file.rdbuf();
  if (!file) return Fail("cannot read '" + path + "'");
  text = read.str();
  return true;
}

bool Interpret(ProgramOptions& options) {
  godwit::FakeCloudOptions& cloud = options.cloud;
  cloud.credentials = {{options.access_key, options.secret_key, options.session_token}};
  for (const std::string& text : options.credentials) {
    if (!ReadCredential(text, cloud.credentials.emplace_back())) return false;
  }
  for (const std::string& text : options.synthetic) {
    if (!ReadSynthetic(text, cloud.synthetic.emplace_back())) return false;
  }
  cloud.foreign_buckets.insert(options.foreign.begin(), options.foreign.end());
  cloud.azure.bearer_tokens.insert(options.azure_tokens.begin(), options.azure_tokens.end());
  cloud.public_buckets.insert(options.open_to_all.begin(), options.open_to_all.end());
  return ReadInto(options.faults_file, cloud.faults) &&
         ReadInto(options.gcs_key_file, cloud.gcs.public_key);
}

std::string ShellQuoted(const std::string& text) {
  std::string out = "'";
  for (char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

std::string ShellLines(const ProgramOptions& options, const godwit::FakeCloud& cloud) {
  const godwit::FakeCredential& credential = options.cloud.credentials.front();
  const std::string token =
      credential.session_token.empty()
          ? ""
          : "AWS_SESSION_TOKEN=" + ShellQuoted(credential.session_token) + "\n";
  return "AWS_ENDPOINT_URL_S3=" + ShellQuoted(cloud.s3_endpoint()) +
         "\nAWS_ACCESS_KEY_ID=" + ShellQuoted(credential.access_key) +
         "\nAWS_SECRET_ACCESS_KEY=" + ShellQuoted(credential.secret_key) + "\n" + token +
         "AWS_REGION=" + ShellQuoted(options.cloud.region) +
         "\nSTORAGE_EMULATOR_HOST=" + ShellQuoted(cloud.gcs_endpoint()) +
         "\nAZURE_STORAGE_CONNECTION_STRING=" + ShellQuoted(cloud.azure_connection_string()) +
         "\nGODWIT_FAKECLOUD_CONTROL=" + ShellQuoted(cloud.control_endpoint()) +
         "\nGODWIT_FAKECLOUD_PID=" + std::to_string(getpid()) + "\n";
}

// Whoever waits for the file must never see a part of it.
bool WriteEnvFile(const std::string& path, const std::string& lines) {
  const std::string draft = path + ".new";
  {
    std::ofstream file(draft);
    file << lines;
    if (!file.flush()) return Fail("cannot write '" + draft + "'");
  }
  if (std::rename(draft.c_str(), path.c_str()) != 0) return Fail("cannot write '" + path + "'");
  return true;
}

// SIGINT and SIGTERM are blocked everywhere and taken by one thread, which asks for the stop.
sigset_t StopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

int Serve(const ProgramOptions& options) {
  const sigset_t signals = StopSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  godwit::Result<std::unique_ptr<godwit::FakeCloud>> started =
      godwit::FakeCloud::Start(options.cloud);
  if (!started.ok()) {
    Fail(started.status().message());
    return 1;
  }
  godwit::FakeCloud& cloud = **started;
  const std::string lines = ShellLines(options, cloud);
  std::cout << lines << std::flush;
  if (!options.env_file.empty() && !WriteEnvFile(options.env_file, lines)) return 1;
  std::thread waiter([&] {
    int signal = 0;
    sigwait(&signals, &signal);
    cloud.RequestStop();
  });
  cloud.WaitForStopRequest();
  kill(getpid(), SIGTERM);  // Ends the waiter if the stop came over the control address.
  waiter.join();
  cloud.Stop();
  std::cerr << cloud.Counters().ToJson() << "\n";
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("S3, Cloud Storage and Azure for rehearsals and tests, on this machine.",
               "godwit-fakecloud");
  ProgramOptions options;
  Define(app, options);
  CLI11_PARSE(app, argc, argv);
  return Interpret(options) ? Serve(options) : 2;
}
