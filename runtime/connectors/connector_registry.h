// ConnectorRegistry: sources and sinks by format. The built-in ones are the same in every process;
// those of a job are added by the job's code, which runs on every node: plans hold names only.
#ifndef WAVETANK_RUNTIME_CONNECTORS_CONNECTOR_REGISTRY_H_
#define WAVETANK_RUNTIME_CONNECTORS_CONNECTOR_REGISTRY_H_

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "runtime/connectors/sink_format.h"
#include "runtime/connectors/source_format.h"

namespace wavetank::runtime {

class ConnectorRegistry {
 public:
  // Those of this library alone.
  static const ConnectorRegistry& BuiltIn();
  // With the built-in ones.
  ConnectorRegistry();

  // kAlreadyExists: there is one of that name. kInvalidArgument: it lacks a function that it needs.
  absl::Status AddSource(SourceFormat format);
  absl::Status AddSink(SinkFormat format);

  // kInvalidArgument, with the nearest name.
  absl::StatusOr<const SourceFormat*> Source(const std::string& name) const;
  absl::StatusOr<const SinkFormat*> Sink(const std::string& name) const;
  const std::map<std::string, SourceFormat>& sources() const { return sources_; }
  const std::map<std::string, SinkFormat>& sinks() const { return sinks_; }

 private:
  struct Empty {};
  explicit ConnectorRegistry(Empty) {}

  std::map<std::string, SourceFormat> sources_;
  std::map<std::string, SinkFormat> sinks_;
};

// The columns of the source's rows, once its format, path and options are found to be right.
// kInvalidArgument says what is wrong with which, and what there is.
absl::StatusOr<SchemaPtr> CheckSource(const SourceDescription& source,
                                      const ConnectorRegistry& connectors);

}  // namespace wavetank::runtime

#endif  // WAVETANK_RUNTIME_CONNECTORS_CONNECTOR_REGISTRY_H_
