#pragma once

// amana.messaging.v1.MessagingService over the application: parse, call, render.

#include <memory>

#include "common/rpc/service.h"
#include "services/messaging/app/attachments.h"
#include "services/messaging/app/handoffs.h"
#include "services/messaging/app/inbox.h"
#include "services/messaging/app/keys.h"
#include "services/messaging/rpc/subscriptions.h"

namespace amana::messaging {

// What answers. All must outlive the service.
struct Handlers {
  Keys& keys;
  Attachments& attachments;
  Handoffs& handoffs;
  Inbox& inbox;
  Subscriptions& subscriptions;
};

std::unique_ptr<rpc::Service> MakeMessagingService(const Handlers& handlers);

}  // namespace amana::messaging
